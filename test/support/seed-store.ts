import { link, mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Layers that every platform makes the same (base, toolchains): made once, then linked into each new data folder. */
const seedFolder = join(tmpdir(), 'shipway-test-store');

/** What another process adds or removes meanwhile is left out. */
async function linkFiles(from: string, to: string): Promise<void> {
  const names = (await readdir(from).catch(() => [])).filter((name) => !name.endsWith('.tmp'));
  await mkdir(to, { recursive: true });
  await Promise.all(names.map((name) => link(join(from, name), join(to, name)).catch(() => undefined)));
}

/** Records first, so that none comes along whose blob does not. Content goes by its digest and never changes in place. */
export async function seedStore(data: string): Promise<void> {
  for (const name of ['layers', 'blobs/sha256']) await linkFiles(join(seedFolder, name), join(data, 'store', name));
}

/** What a start alone makes, the base: to be taken before the platform is used. */
export async function keepStore(data: string): Promise<void> {
  for (const name of ['blobs/sha256', 'layers']) await linkFiles(join(data, 'store', name), join(seedFolder, name));
}
