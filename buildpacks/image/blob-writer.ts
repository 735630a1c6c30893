import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ShipwayError } from '../../server/domain/error.ts';
import type { Blob } from './blob-store.ts';
import { explainDiskError } from './disk.ts';

/** A blob on its way into the store. It has no name there until `commit`. */
export interface BlobWriter {
  /** Bytes taken so far. */
  sizeBytes(): number;
  /** When `content` fails half-way, what came before the failure is kept, and more may be appended. `content` is left to the caller. */
  append(content: Readable): Promise<void>;
  appendBytes(content: Buffer): Promise<void>;
  /** @throws ShipwayError invalid_params, and discards, when the content is not what `expectedDigest` says. */
  commit(expectedDigest?: string): Promise<Blob>;
  discard(): Promise<void>;
}

interface Destination {
  readonly pathOf: (digest: string) => string;
  /** Marks a blob as used now; false when the store lacks it. */
  readonly touch: (digest: string) => Promise<boolean>;
}

/** @param folder Where the bytes wait for their name: on the store's own file system, since a rename ends it. */
export async function openBlobWriter(folder: string, destination: Destination): Promise<BlobWriter> {
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, randomUUID());
  const file = await open(temporary, 'wx', 0o644);
  const hash = createHash('sha256');
  let sizeBytes = 0;

  async function discard(): Promise<void> {
    await file.close();
    await rm(temporary, { force: true });
  }

  async function appendBytes(content: Buffer): Promise<void> {
    try {
      await file.writeFile(content);
    } catch (thrown) {
      throw explainDiskError(thrown, folder);
    }
    hash.update(content);
    sizeBytes += content.length;
  }

  async function commit(expectedDigest?: string): Promise<Blob> {
    const digest = `sha256:${hash.digest('hex')}`;
    try {
      if (expectedDigest !== undefined && expectedDigest !== digest) {
        throw new ShipwayError('invalid_params', `The content has digest ${digest}, not ${expectedDigest}.`);
      }
      // Equal digests are equal content: of several writers the first gives it its name, the others only mark it as used.
      if (!(await destination.touch(digest))) {
        // Without it, a power cut could leave an empty file under the name that vouches for its content.
        await file.sync();
        await rename(temporary, destination.pathOf(digest));
      }
      return { digest, sizeBytes };
    } catch (thrown) {
      throw explainDiskError(thrown, folder);
    } finally {
      await discard();
    }
  }

  return {
    sizeBytes: () => sizeBytes,
    append: async (content) => {
      // A request that were destroyed with the loop could not be answered.
      for await (const chunk of content.iterator({ destroyOnReturn: false })) await appendBytes(chunk as Buffer);
    },
    appendBytes,
    commit,
    discard,
  };
}
