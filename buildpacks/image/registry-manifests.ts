import type { Request, Response } from 'express';
import type { BlobStore } from './blob-store.ts';
import { isDigest, isTag } from './image-names.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import type { ManifestStore } from './manifest-store.ts';
import { RegistryError, refusing } from './registry-error.ts';
import type { RepositoryBlobs } from './repository-blobs.ts';

export interface ManifestEndpoints {
  readonly blobs: BlobStore;
  readonly manifests: ManifestStore;
  readonly repositoryBlobs: RepositoryBlobs;
}

interface Target {
  readonly repository: string;
  readonly reference: string;
}

/** "Registries ... SHOULD enforce some limit ... at least 4 megabytes" (distribution specification 1.1, "Pushing manifests"). */
const sizeLimitBytes = 4 * 2 ** 20;

/** GET and HEAD of a manifest by tag or digest. */
export async function serveManifest(
  { manifests }: ManifestEndpoints,
  target: Target,
  request: Request,
  response: Response,
): Promise<void> {
  const manifest = await manifests.get(target.repository, target.reference);
  if (manifest === undefined) throw unknownManifest(target);
  if (!accepts(request.headers.accept, manifest.mediaType)) {
    throw new RegistryError(
      'MANIFEST_UNKNOWN',
      `The manifest is of type ${manifest.mediaType}, which Accept leaves out.`,
    );
  }
  response.set({
    'content-type': manifest.mediaType,
    'content-length': String(manifest.bytes.length),
    'docker-content-digest': manifest.digest,
    etag: `"${manifest.digest}"`,
  });
  response.end(request.method === 'HEAD' ? undefined : manifest.bytes);
}

/** PUT: everything that the manifest names must be in the repository already. */
export async function putManifest(
  endpoints: ManifestEndpoints,
  target: Target,
  request: Request,
  response: Response,
): Promise<void> {
  const { repository, reference } = target;
  const bytes = await readLimited(request);
  const manifest = await refusing('MANIFEST_INVALID', async () => parseManifest(bytes));
  await assertReferences(endpoints, repository, manifest);
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim() ?? manifest.mediaType;
  const stored = await storeManifest(endpoints.manifests, target, { bytes, type });
  response
    .status(201)
    .set({
      location: `${request.baseUrl}/${repository}/manifests/${reference}`,
      'docker-content-digest': stored,
      'content-length': '0',
    })
    .end();
}

/** DELETE: a tag, or a manifest with all its tags. Its blobs stay until garbage collection finds them unused. */
export async function deleteManifest(
  { manifests }: ManifestEndpoints,
  target: Target,
  response: Response,
): Promise<void> {
  if (!(await manifests.remove(target.repository, target.reference))) throw unknownManifest(target);
  response.status(202).set('content-length', '0').end();
}

/** GET of all tags, or of the next `n` after `last`. */
export async function listTags(
  { manifests }: ManifestEndpoints,
  repository: string,
  request: Request,
  response: Response,
): Promise<void> {
  if ((await manifests.list(repository)).length === 0) {
    throw new RegistryError('NAME_UNKNOWN', `Repository ${repository} is not known here.`);
  }
  const { n, last } = request.query;
  const limit = typeof n === 'string' && /^[0-9]{1,9}$/.test(n) ? Number(n) : undefined;
  const after = (await manifests.tags(repository)).filter((tag) => typeof last !== 'string' || tag > last);
  const tags = after.slice(0, limit);
  const next = tags.at(-1);
  if (tags.length < after.length && next !== undefined) {
    response.set('link', `<${request.baseUrl}/${repository}/tags/list?n=${limit}&last=${next}>; rel="next"`);
  }
  response.json({ name: repository, tags });
}

async function storeManifest(
  manifests: ManifestStore,
  target: Target,
  content: { readonly bytes: Buffer; readonly type: string },
): Promise<string> {
  const { repository, reference } = target;
  const { digest } = await refusing('MANIFEST_INVALID', () => manifests.put(repository, content.bytes, content.type));
  if (isDigest(reference) && digest !== reference) {
    await manifests.remove(repository, digest);
    throw new RegistryError('DIGEST_INVALID', `The manifest has digest ${digest}, not ${reference}.`);
  }
  if (isTag(reference)) await manifests.tag(repository, reference, digest);
  return digest;
}

async function assertReferences(endpoints: ManifestEndpoints, repository: string, manifest: Manifest): Promise<void> {
  for (const { digest, size } of manifest.blobs) {
    const known = await endpoints.repositoryBlobs.has(repository, digest);
    // Touched, so that garbage collection leaves it until the manifest that names it is there.
    const blob = known && (await endpoints.blobs.touch(digest)) ? await endpoints.blobs.stat(digest) : undefined;
    if (blob === undefined) throw new RegistryError('MANIFEST_BLOB_UNKNOWN', `The repository has no blob ${digest}.`);
    if (blob.sizeBytes !== size) {
      throw new RegistryError('MANIFEST_INVALID', `Blob ${digest} has ${blob.sizeBytes} bytes, not ${size}.`);
    }
  }
  for (const { digest } of manifest.manifests) {
    if ((await endpoints.manifests.get(repository, digest)) === undefined) {
      throw new RegistryError('MANIFEST_BLOB_UNKNOWN', `The repository has no manifest ${digest}.`);
    }
  }
}

async function readLimited(request: Request): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > sizeLimitBytes) {
      throw new RegistryError('SIZE_INVALID', `A manifest has at most ${sizeLimitBytes} bytes.`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** No preference, or one that names the type or a wildcard. Weights are not looked at: a manifest exists in one form only. */
function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined || header.trim() === '') return true;
  const accepted = header.split(',').map((part) => part.split(';', 1)[0]?.trim().toLowerCase());
  return accepted.some((type) => type === mediaType || type === '*/*' || type === 'application/*');
}

function unknownManifest(target: Target): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', `Repository ${target.repository} has no manifest ${target.reference}.`);
}
