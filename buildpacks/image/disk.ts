import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
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
