import { link, mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBaseLayer } from '../../buildpacks/image/base-layer.ts';
import { createBlobStore } from '../../buildpacks/image/blob-store.ts';
import { runCommand } from '../../buildpacks/image/run-command.ts';

/** Layers that every platform makes the same (bases, toolchains): made once, then linked into each new data folder. */
const root = join(tmpdir(), 'shipway-test-store');

/** Both bases, so that no test waits for the minute that they take; several test files may ask at once. Answers the store's folder. */
export async function makeSeed(): Promise<string> {
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const options = { blobs: createBlobStore({ root }), root, run: runCommand, log };
  await Promise.all([
    ensureBaseLayer({ ...options, variant: 'run' }),
    ensureBaseLayer({ ...options, variant: 'build' }),
  ]);
  return root;
}

/** What another process adds or removes meanwhile is left out. */
async function linkFiles(from: string, to: string): Promise<void> {
  const names = (await readdir(from).catch(() => [])).filter((name) => !name.endsWith('.tmp'));
  await mkdir(to, { recursive: true });
  await Promise.all(names.map((name) => link(join(from, name), join(to, name)).catch(() => undefined)));
}

/** Records first, so that none comes along whose blob does not. Content goes by its digest and never changes in place. */
export async function seedStore(data: string): Promise<void> {
  await makeSeed();
  for (const name of ['layers', 'blobs/sha256']) await linkFiles(join(root, name), join(data, 'store', name));
}
