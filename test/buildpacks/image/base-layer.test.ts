import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BaseOptions, ensureBaseLayer } from '../../../buildpacks/image/base-layer.ts';
import { createBlobStore } from '../../../buildpacks/image/blob-store.ts';
import { type RunCommand, runCommand } from '../../../buildpacks/image/run-command.ts';
import { temporaryFolder } from './temporary-folder.ts';

const execute = promisify(execFile);

async function baseOptions(run: RunCommand = runCommand, root?: string): Promise<BaseOptions> {
  const folder = root ?? (await temporaryFolder());
  return { root: folder, blobs: createBlobStore({ root: folder }), run, log: () => undefined };
}

/** Writes its last argument, as mmdebstrap writes the archive, after a moment. */
function slowBootstrap(calls: string[][]): RunCommand {
  return async (_command, args) => {
    calls.push([...args]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await writeFile(args.find((arg) => arg.endsWith('.tar')) ?? '', 'archive');
    return 0;
  };
}

describe('buildpacks/image/base-layer', () => {
  it('makes a Debian that runs a shell as the user app, once', { timeout: 300_000 }, async () => {
    const cache = process.env.SHIPWAY_TEST_CACHE;
    const options = await baseOptions(runCommand, cache === undefined ? undefined : join(cache, 'base'));
    const base = await ensureBaseLayer(options);
    expect(base).toMatchObject({ stack: 'debian-12' });
    const neverAgain: RunCommand = () => Promise.reject(new Error('made twice'));
    expect(await ensureBaseLayer({ ...options, run: neverAgain })).toEqual(base);

    const { stdout } = await execute('docker', ['import', options.blobs.pathOf(base.digest)]);
    const image = stdout.trim();
    onTestFinished(async () => {
      await execute('docker', ['rmi', '--force', image]);
    });
    const script = [
      'whoami; id -u; stat -c "%U:%G %a" /app /tmp; ls /etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Europe/Paris',
      'ldconfig -p | grep -o -E "lib(stdc\\+\\+|atomic)\\.so\\.[0-9]$"',
      'test ! -e /etc/apt/sources.list; find / -xdev -type f -newermt 1970-01-02 -not -path "/proc/*" -not -path "/etc/host*" -not -name .dockerenv -not -path /etc/resolv.conf',
    ].join('\n');
    const args = ['run', '--rm', '--network=none', '--user=1000:1000', '--read-only', '--cap-drop=ALL', image];
    const shell = await execute('docker', [...args, 'bash', '-ec', `${script} 2>/dev/null || true`]);
    expect(shell.stdout.split('\n')).toEqual([
      'app',
      '1000',
      'app:app 755',
      'root:root 1777',
      '/etc/ssl/certs/ca-certificates.crt',
      '/usr/share/zoneinfo/Europe/Paris',
      'libstdc++.so.6',
      'libatomic.so.1',
      '',
    ]);
  });

  it('is made by one of several that ask at once', async () => {
    const calls: string[][] = [];
    const options = await baseOptions(slowBootstrap(calls));
    const bases = await Promise.all([1, 2, 3].map(() => ensureBaseLayer(options)));
    expect(calls).toHaveLength(1);
    expect(new Set(bases.map((base) => base.digest)).size).toBe(1);
    expect(await readdir(join(options.root, 'base'))).toEqual([]);
  });

  it('hands a mirror to mmdebstrap, and takes the same base from the cache without it', async () => {
    const calls: string[][] = [];
    const options = await baseOptions(slowBootstrap(calls));
    await ensureBaseLayer({ ...options, mirror: 'http://mirror.test/debian' });
    await ensureBaseLayer(options);
    expect(calls.map((args) => args.at(-1))).toEqual(['http://mirror.test/debian']);
  });

  it('says what to install where mmdebstrap is missing', async () => {
    const options = await baseOptions(async () => 127);
    await expect(ensureBaseLayer(options)).rejects.toThrow(/apt-get install mmdebstrap.*Or name an image/);
  });

  it('shows the last lines of a bootstrap that failed, and leaves nothing', async () => {
    const options = await baseOptions(async (_command, args, { onLine }) => {
      await writeFile(args.find((arg) => arg.endsWith('.tar')) ?? '', 'half');
      onLine('E: apt-get update failed');
      return 25;
    });
    await expect(ensureBaseLayer(options)).rejects.toThrow(/status 25[\s\S]*E: apt-get update failed/);
    expect(await readdir(join(options.root, 'base'))).toEqual([]);
    expect(await readdir(join(options.root, 'blobs', 'sha256'))).toEqual([]);
  });

  it('completes an exported image with the user app, /app and /tmp', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'etc'));
    await writeFile(join(folder, 'etc', 'passwd'), 'root:x:0:0::/root:/bin/sh');
    await execute('tar', ['-cf', join(folder, 'image.tar'), '-C', folder, './etc']);
    const { stdout } = await execute('cat', [join(folder, 'image.tar')], { encoding: 'buffer' });
    const options = await baseOptions();
    const exportImage = async () => Readable.from([stdout.subarray(0, 700), stdout.subarray(700)]);
    const base = await ensureBaseLayer({ ...options, image: 'example.test/debian:12', exportImage });
    expect(base.stack).toBe('example.test/debian:12');
    await mkdir(join(folder, 'out'));
    await pipeline(options.blobs.open(base.digest), createWriteStream(join(folder, 'base.tar')));
    await execute('tar', ['-xpf', join(folder, 'base.tar'), '-C', join(folder, 'out')]);
    const passwd = await execute('cat', [join(folder, 'out', 'etc', 'passwd'), join(folder, 'out', 'etc', 'group')]);
    expect(passwd.stdout).toBe('root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/app:/bin/bash\napp:x:1000:\n');
    const folders = await execute('stat', ['-c', '%u:%g %a', join(folder, 'out', 'app'), join(folder, 'out', 'tmp')]);
    expect(folders.stdout).toBe('1000:1000 755\n0:0 1777\n');
  });
});
