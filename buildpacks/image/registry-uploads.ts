import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Blob, BlobStore } from './blob-store.ts';
import type { BlobWriter } from './blob-writer.ts';
import { RegistryError, refusing } from './registry-error.ts';

/** A blob that a client is sending, in one or several requests. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  sizeBytes(): number;
  /** What came before a broken connection is kept, so that the client can go on from there. */
  append(content: Readable): Promise<void>;
  /** Ends the upload, also when the digest is wrong. @throws RegistryError DIGEST_INVALID. */
  finish(digest: string): Promise<Blob>;
  discard(): Promise<void>;
}

/** Uploads in progress. They live as long as the process: the next one starts by removing what they left. */
export interface Uploads {
  /** @throws RegistryError TOOMANYREQUESTS. */
  start(repository: string): Promise<Upload>;
  /** @throws RegistryError BLOB_UPLOAD_UNKNOWN, also for one of another repository. */
  find(repository: string, id: string): Upload;
}

/** Each upload holds a file open, and a client may never come back. */
const uploadLimit = 200;
const idleLimitMs = 60 * 60 * 1000;

interface Running {
  readonly upload: Upload;
  usedAt: number;
  busy: boolean;
}

export function createUploads(options: {
  readonly blobs: BlobStore;
  readonly root: string;
  readonly clock: () => Date;
}): Uploads {
  const folder = join(options.root, 'uploads');
  const running = new Map<string, Running>();
  const now = () => options.clock().getTime();
  rmSync(folder, { recursive: true, force: true });

  async function discardIdle(): Promise<void> {
    for (const { upload, usedAt, busy } of running.values()) {
      if (!busy && now() - usedAt > idleLimitMs) await upload.discard();
    }
  }

  /** One request at a time: two that append to the same upload would mix their bytes. */
  async function exclusively<T>(id: string, work: () => Promise<T>): Promise<T> {
    const entry = running.get(id);
    if (entry === undefined) throw unknownUpload(id);
    if (entry.busy) throw new RegistryError('BLOB_UPLOAD_INVALID', 'Another request is sending to this upload.');
    entry.busy = true;
    try {
      return await work();
    } finally {
      entry.busy = false;
      entry.usedAt = now();
    }
  }

  function createUpload(repository: string, writer: BlobWriter): Upload {
    const id = randomUUID();
    return {
      id,
      repository,
      sizeBytes: writer.sizeBytes,
      append: (content) => exclusively(id, () => writer.append(content)),
      finish: (digest) =>
        exclusively(id, () => {
          running.delete(id);
          return refusing('DIGEST_INVALID', () => writer.commit(digest));
        }),
      discard: () =>
        exclusively(id, () => {
          running.delete(id);
          return writer.discard();
        }),
    };
  }

  return {
    start: async (repository) => {
      await discardIdle();
      if (running.size >= uploadLimit) {
        throw new RegistryError('TOOMANYREQUESTS', `${uploadLimit} uploads are in progress. Try again later.`);
      }
      const upload = createUpload(repository, await options.blobs.writer(folder));
      running.set(upload.id, { upload, usedAt: now(), busy: false });
      return upload;
    },
    find: (repository, id) => {
      const upload = running.get(id)?.upload;
      if (upload === undefined || upload.repository !== repository) throw unknownUpload(id);
      return upload;
    },
  };
}

function unknownUpload(id: string): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', `No upload ${id} is in progress. Start again.`);
}
