import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { ToolchainSource } from '../../server/domain/build-plan.ts';
import type { Blob } from '../image/blob-store.ts';
import { tarFolder } from '../image/layer-tar.ts';
import type { BuildContext } from './build-context.ts';

/** Fetches packages with the host's npm, without running anything of theirs, and lays them out as the image has them. */
export async function makeToolchainLayer(
  { options, signal }: Pick<BuildContext, 'options' | 'signal'>,
  source: ToolchainSource,
): Promise<Blob> {
  const folder = await mkdtemp(path.join(options.tempRoot, 'toolchain-'));
  try {
    await fetchPackages(options.npm, source.packages, { folder, signal });
    const image = path.join(folder, 'image');
    await layOut(source, path.join(folder, 'node_modules'), image);
    return await options.blobs.put(tarFolder(image, { uid: 0, gid: 0 }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchPackages(
  npm: BuildContext['options']['npm'],
  packages: ToolchainSource['packages'],
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<void> {
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const flags = ['--ignore-scripts', '--no-save', '--no-package-lock', '--no-bin-links', '--prefix', folder];
  await npm(['install', ...flags, ...wanted], { signal });
  // npm's own record of what it did: it names the registry, and no runtime needs it.
  await rm(path.join(folder, 'node_modules', '.package-lock.json'), { force: true });
}

async function layOut(source: ToolchainSource, modules: string, image: string): Promise<void> {
  const target = path.join(image, source.path);
  await mkdir(path.dirname(target), { recursive: true });
  await rename(modules, target);
  for (const [link, linkTarget] of Object.entries(source.links)) {
    await mkdir(path.join(image, path.dirname(link)), { recursive: true });
    await symlink(linkTarget, path.join(image, link));
  }
}
