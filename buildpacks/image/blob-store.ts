import { randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync } from 'node:fs';
import { opendir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type BlobWriter, openBlobWriter } from './blob-writer.ts';
import { removeUnlessUsedSince, unlessMissing } from './disk.ts';
import { digestHex } from './image-names.ts';

export interface Blob {
  /** `sha256:<64 hex digits>` of the content. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/**
 * Content by digest. A blob that can be seen is whole: its bytes were written under another name, synced and renamed. Several processes may share
 * a store. Its modification time says when it was last put or used, which is what garbage collection goes by.
 */
export interface BlobStore {
  /** @throws ShipwayError unavailable when the disk is full; then nothing is left of it. */
  put(content: Readable): Promise<Blob>;
  putBytes(content: Buffer): Promise<Blob>;
  /** For content that comes in pieces. `folder`: where it waits, on the same file system; the store's own by default. */
  writer(folder?: string): Promise<BlobWriter>;
  stat(digest: string): Promise<Blob | undefined>;
  /** `end` is inclusive, as in HTTP's Range. */
  open(digest: string, range?: { readonly start: number; readonly end: number }): Readable;
  readBytes(digest: string): Promise<Buffer>;
  pathOf(digest: string): string;
  /** Marks it as used now; false when it is not there. Whoever will refer to a blob touches it first. */
  touch(digest: string): Promise<boolean>;
  remove(digest: string): Promise<void>;
  /** Removes it unless it was put or touched after `before`, even while this call runs. */
  removeUnused(digest: string, before: Date): Promise<boolean>;
  /** Removes what writers left that were killed before `before`. */
  removeAbandoned(before: Date): Promise<void>;
  list(): AsyncIterable<Blob>;
}

/** Layout: `<root>/blobs/sha256/<hex>`, with `<root>/blobs/temporary/` for blobs that are still being written. */
export function createBlobStore(options: { readonly root: string }): BlobStore {
  const folder = join(options.root, 'blobs', 'sha256');
  const temporaryFolder = join(options.root, 'blobs', 'temporary');
  mkdirSync(folder, { recursive: true });
  mkdirSync(temporaryFolder, { recursive: true });

  const pathOf = (digest: string) => join(folder, digestHex(digest));

  async function touch(digest: string): Promise<boolean> {
    const now = new Date();
    return (await unlessMissing(utimes(pathOf(digest), now, now).then(() => true))) ?? false;
  }

  const writer = (waitingFolder = temporaryFolder) => openBlobWriter(waitingFolder, { pathOf, touch });

  async function put(fill: (to: BlobWriter) => Promise<void>): Promise<Blob> {
    const blob = await writer();
    try {
      await fill(blob);
    } catch (thrown) {
      await blob.discard();
      throw thrown;
    }
    return blob.commit();
  }

  return {
    put: (content) => put((to) => to.append(content)).finally(() => content.destroy()),
    putBytes: (content) => put((to) => to.appendBytes(content)),
    writer,
    touch,
    pathOf,
    stat: async (digest) => {
      const found = await unlessMissing(stat(pathOf(digest)));
      return found && { digest, sizeBytes: found.size };
    },
    open: (digest, range) => createReadStream(pathOf(digest), range),
    readBytes: (digest) => readFile(pathOf(digest)),
    remove: (digest) => rm(pathOf(digest), { force: true }),
    removeUnused: (digest, before) =>
      removeUnlessUsedSince(pathOf(digest), { before, aside: join(temporaryFolder, randomUUID()) }),
    removeAbandoned: (before) => removeAbandoned(temporaryFolder, before),
    list: () => listBlobs(folder),
  };
}

async function removeAbandoned(folder: string, before: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await unlessMissing(stat(path));
    if (found !== undefined && found.mtime < before) await rm(path, { force: true });
  }
}

async function* listBlobs(folder: string): AsyncIterable<Blob> {
  for await (const entry of await opendir(folder)) {
    const found = await unlessMissing(stat(join(folder, entry.name)));
    if (found !== undefined) yield { digest: `sha256:${entry.name}`, sizeBytes: found.size };
  }
}
