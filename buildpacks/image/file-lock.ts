import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSystemError, unlessMissing } from './disk.ts';

/**
 * Does `work` while no other process does, as long as all share the folder: also containers, which see neither each other's process ids nor sockets.
 * The holder renews the file's time; a file that nobody renews for `staleMs` is of a process that was killed. In the rare case that two take
 * the place of a dead one at once both work, so the work itself has to bear that; the lock only saves doing it twice.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { readonly staleMs: number } = { staleMs: 10_000 },
): Promise<T> {
  const token = randomUUID();
  while (!(await take(path, token))) {
    await removeIfStale(path, options.staleMs);
    await sleep(options.staleMs / 50);
  }
  const renewal = setInterval(() => void renew(path), options.staleMs / 5);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    if ((await unlessMissing(readFile(path, 'utf8'))) === token) await rm(path, { force: true });
  }
}

async function take(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (isSystemError(thrown, 'EEXIST')) return false;
    throw thrown;
  }
}

async function removeIfStale(path: string, staleMs: number): Promise<void> {
  const found = await unlessMissing(stat(path));
  if (found === undefined || Date.now() - found.mtimeMs < staleMs) return;
  // Renamed first: of several that see it only one gets it.
  const aside = `${path}.${randomUUID()}`;
  await unlessMissing(rename(path, aside));
  await rm(aside, { force: true });
}

/** A renewal that fails only makes the lock look stale, and the work bears that. */
async function renew(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}
