import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { ShipwayError } from '../../server/domain/error.ts';

/** The result, or undefined when the file is not there. Every other failure stays one. */
export async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (thrown) {
    if (isSystemError(thrown, 'ENOENT') || isSystemError(thrown, 'ENOTDIR')) return undefined;
    throw thrown;
  }
}

export function isSystemError(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

/** Says what to do about a full disk; any other error passes unchanged. */
export function explainDiskError(thrown: unknown, path: string): unknown {
  const full = isSystemError(thrown, 'ENOSPC') || isSystemError(thrown, 'EDQUOT');
  if (!full) return thrown;
  return new ShipwayError(
    'unavailable',
    `Cannot write to the image store: the disk of ${path} is full. Free space on it, then try again.`,
    { cause: thrown },
  );
}

/**
 * Readers see the old file or the new one, never a part. `sync` makes it survive a power cut; without it the file may be
 * empty after one, which suits records that can be made again.
 */
export async function writeFileAtomically(
  path: string,
  content: Buffer | string,
  options: { readonly sync: boolean },
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      if (options.sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw explainDiskError(thrown, path);
  }
}

/**
 * Removes a file unless it was written or touched after `before`. It takes the file's name away before it looks at its time: who touched it
 * earlier is seen, and the name given back; who comes later finds nothing and writes it again. So nobody who was told that it is there loses it.
 * @param aside A free name on the same file system.
 */
export async function removeUnlessUsedSince(
  path: string,
  options: { readonly before: Date; readonly aside: string },
): Promise<boolean> {
  const isOld = async (at: string) => {
    const found = await unlessMissing(stat(at));
    return found !== undefined && found.mtime < options.before;
  };
  if (!(await isOld(path))) return false;
  await unlessMissing(rename(path, options.aside));
  if (await isOld(options.aside)) {
    await rm(options.aside, { force: true });
    return true;
  }
  await unlessMissing(rename(options.aside, path));
  return false;
}
