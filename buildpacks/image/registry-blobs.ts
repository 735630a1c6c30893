import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { BlobStore } from './blob-store.ts';
import { isRepositoryName } from './image-names.ts';
import { RegistryError } from './registry-error.ts';
import { assertDigest, parseByteRange } from './registry-request.ts';
import type { Upload, Uploads } from './registry-uploads.ts';
import type { RepositoryBlobs } from './repository-blobs.ts';

export interface BlobEndpoints {
  readonly blobs: BlobStore;
  readonly repositoryBlobs: RepositoryBlobs;
  readonly uploads: Uploads;
  /** Whether the credentials of this request may pull from another repository too. */
  readonly mayPull: (request: Request, repository: string) => Promise<boolean>;
}

/** GET and HEAD of a blob, whole or a range of it. */
export async function serveBlob(
  endpoints: BlobEndpoints,
  target: { readonly repository: string; readonly digest: string },
  request: Request,
  response: Response,
): Promise<void> {
  const known = await endpoints.repositoryBlobs.has(target.repository, target.digest);
  const blob = known ? await endpoints.blobs.stat(target.digest) : undefined;
  if (blob === undefined) throw new RegistryError('BLOB_UNKNOWN', `The repository has no blob ${target.digest}.`);
  response.set({
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'docker-content-digest': blob.digest,
    etag: `"${blob.digest}"`,
  });
  const range = parseByteRange(request.headers.range, blob.sizeBytes);
  if (range !== undefined) {
    response.status(206).set('content-range', `bytes ${range.start}-${range.end}/${blob.sizeBytes}`);
  }
  response.set('content-length', String(range === undefined ? blob.sizeBytes : range.end - range.start + 1));
  if (request.method === 'HEAD') response.end();
  else await pipeline(endpoints.blobs.open(blob.digest, range), response);
}

/** POST: a mount from another repository, a whole blob in one request, or the start of an upload. */
export async function startUpload(
  endpoints: BlobEndpoints,
  target: { readonly repository: string },
  request: Request,
  response: Response,
): Promise<void> {
  const { repository } = target;
  const { mount, from, digest } = request.query;
  if (typeof mount === 'string' && typeof from === 'string') {
    if (await mountBlob(endpoints, { repository, from, digest: assertDigest(mount) }, request)) {
      sendCreated(request, response, { repository, digest: mount });
      return;
    }
  }
  const wanted = typeof digest === 'string' ? assertDigest(digest) : undefined;
  const upload = await endpoints.uploads.start(repository);
  if (wanted === undefined) {
    sendProgress(request, response.status(202), upload);
    return;
  }
  await appendOrDiscard(upload, request);
  await finish(endpoints, upload, wanted);
  sendCreated(request, response, { repository, digest: wanted });
}

/** PATCH: one more piece, in order. */
export async function continueUpload(upload: Upload, request: Request, response: Response): Promise<void> {
  assertNextRange(upload, request);
  await append(upload, request);
  sendProgress(request, response.status(202), upload);
}

/** PUT: the last piece, or an empty body, and the digest of the whole. */
export async function finishUpload(
  endpoints: BlobEndpoints,
  upload: Upload,
  request: Request,
  response: Response,
): Promise<void> {
  const { digest } = request.query;
  const wanted = assertDigest(typeof digest === 'string' ? digest : '');
  assertNextRange(upload, request);
  await append(upload, request);
  await finish(endpoints, upload, wanted);
  sendCreated(request, response, { repository: upload.repository, digest: wanted });
}

/** GET: how far the upload is, for a client that lost its connection. */
export function describeUpload(upload: Upload, request: Request, response: Response): void {
  sendProgress(request, response.status(204), upload);
}

async function mountBlob(
  endpoints: BlobEndpoints,
  mount: { readonly repository: string; readonly from: string; readonly digest: string },
  request: Request,
): Promise<boolean> {
  const allowed =
    isRepositoryName(mount.from) &&
    (await endpoints.mayPull(request, mount.from)) &&
    (await endpoints.repositoryBlobs.has(mount.from, mount.digest));
  if (!allowed || !(await endpoints.blobs.touch(mount.digest))) return false;
  endpoints.repositoryBlobs.add(mount.repository, mount.digest);
  return true;
}

async function finish(endpoints: BlobEndpoints, upload: Upload, digest: string): Promise<void> {
  await upload.finish(digest);
  endpoints.repositoryBlobs.add(upload.repository, digest);
}

/** A lost connection leaves the upload for its client to go on with; our own failure, such as a full disk, ends it. */
async function append(upload: Upload, request: Request): Promise<void> {
  try {
    await upload.append(request);
  } catch (thrown) {
    if (!request.destroyed && !(thrown instanceof RegistryError)) await upload.discard();
    throw thrown;
  }
}

/** The client of a single-request upload never learns its id, so nobody could go on with it. */
async function appendOrDiscard(upload: Upload, request: Request): Promise<void> {
  try {
    await upload.append(request);
  } catch (thrown) {
    await upload.discard();
    throw thrown;
  }
}

function assertNextRange(upload: Upload, request: Request): void {
  const header = request.headers['content-range'];
  if (header === undefined) return;
  const [, start, end] = /^(?:bytes )?([0-9]{1,15})-([0-9]{1,15})(?:\/.*)?$/.exec(header) ?? [];
  const length = request.headers['content-length'];
  const fits = length === undefined || Number(end) - Number(start) + 1 === Number(length);
  if (Number(start) === upload.sizeBytes() && fits) return;
  throw new RegistryError('RANGE_INVALID', `The upload has ${upload.sizeBytes()} bytes; go on there.`, {
    location: uploadLocation(request, upload),
    range: receivedRange(upload),
  });
}

function sendProgress(request: Request, response: Response, upload: Upload): void {
  response
    .set({
      location: uploadLocation(request, upload),
      range: receivedRange(upload),
      'docker-upload-uuid': upload.id,
      'content-length': '0',
    })
    .end();
}

function sendCreated(
  request: Request,
  response: Response,
  blob: { readonly repository: string; readonly digest: string },
): void {
  response
    .status(201)
    .set({
      location: `${request.baseUrl}/${blob.repository}/blobs/${blob.digest}`,
      'docker-content-digest': blob.digest,
      'content-length': '0',
    })
    .end();
}

function uploadLocation(request: Request, upload: Upload): string {
  return `${request.baseUrl}/${upload.repository}/blobs/uploads/${upload.id}`;
}

/** Inclusive, so an empty upload cannot be said; registries say 0-0 for it. */
function receivedRange(upload: Upload): string {
  return `0-${Math.max(0, upload.sizeBytes() - 1)}`;
}
