import { type Request, type Response, Router } from 'express';
import type { BlobStore } from './blob-store.ts';
import { isSystemError } from './disk.ts';
import type { ManifestStore } from './manifest-store.ts';
import {
  type BlobEndpoints,
  continueUpload,
  describeUpload,
  finishUpload,
  serveBlob,
  startUpload,
} from './registry-blobs.ts';
import { RegistryError, toRegistryError } from './registry-error.ts';
import { deleteManifest, listTags, type ManifestEndpoints, putManifest, serveManifest } from './registry-manifests.ts';
import { parseBasicCredentials, parseRegistryTarget, type RegistryTarget } from './registry-request.ts';
import { createUploads } from './registry-uploads.ts';
import { createRepositoryBlobs } from './repository-blobs.ts';

/** `repository` is empty where only the credentials are asked about: `docker login`, and the engine before each pull. */
export type AuthorizeRegistry = (request: {
  readonly repository: string;
  readonly action: 'pull' | 'push';
  readonly username: string;
  readonly password: string;
}) => Promise<'ok' | 'denied' | 'unauthenticated'>;

interface RegistryOptions {
  readonly blobs: BlobStore;
  readonly manifests: ManifestStore;
  /** Uploads in progress are kept in `<root>/uploads`, on the file system of the blobs. */
  readonly root: string;
  readonly authorize: AuthorizeRegistry;
  readonly log: (line: string) => void;
  readonly clock?: () => Date;
}

type Endpoints = BlobEndpoints & ManifestEndpoints;

/**
 * The store as a registry (OCI distribution specification 1.1) for engines and `docker push`, mounted at `/v2`, before any middleware
 * that reads bodies. Not there: deleting blobs (garbage collection does it) and the referrers API (clients fall back to tags).
 */
export function createRegistry(options: RegistryOptions): Router {
  const clock = options.clock ?? (() => new Date());
  const endpoints: Endpoints = {
    blobs: options.blobs,
    manifests: options.manifests,
    repositoryBlobs: createRepositoryBlobs({ manifests: options.manifests, clock }),
    uploads: createUploads({ blobs: options.blobs, root: options.root, clock }),
    mayPull: async (request, repository) => (await decide(options.authorize, request, repository, 'pull')) === 'ok',
  };
  const router = Router();
  router.use(async (request, response) => {
    response.set('docker-distribution-api-version', 'registry/2.0');
    try {
      const target = parseRegistryTarget(request.path);
      await assertAuthorized(options.authorize, request, target);
      if (target === undefined) throw new RegistryError('NAME_UNKNOWN', 'The registry has no such path.');
      await dispatch(endpoints, target, request, response);
    } catch (thrown) {
      fail(thrown, request, response, options.log);
    }
  });
  return router;
}

async function dispatch(
  endpoints: Endpoints,
  target: RegistryTarget,
  request: Request,
  response: Response,
): Promise<void> {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  switch (target.kind) {
    case 'version':
      if (reads) return void response.json({});
      break;
    case 'manifest':
      if (reads) return serveManifest(endpoints, target, request, response);
      if (request.method === 'PUT') return putManifest(endpoints, target, request, response);
      if (request.method === 'DELETE') return deleteManifest(endpoints, target, response);
      break;
    case 'blob':
      if (reads) return serveBlob(endpoints, target, request, response);
      break;
    case 'uploads':
      if (request.method === 'POST') return startUpload(endpoints, target, request, response);
      break;
    case 'upload':
      return dispatchUpload(endpoints, target, request, response);
    case 'tags':
      if (reads) return listTags(endpoints, target.repository, request, response);
  }
  throw unsupported(request);
}

async function dispatchUpload(
  endpoints: Endpoints,
  target: { readonly repository: string; readonly id: string },
  request: Request,
  response: Response,
): Promise<void> {
  const upload = endpoints.uploads.find(target.repository, target.id);
  if (request.method === 'PATCH') return continueUpload(upload, request, response);
  if (request.method === 'PUT') return finishUpload(endpoints, upload, request, response);
  if (request.method === 'GET') return describeUpload(upload, request, response);
  if (request.method !== 'DELETE') throw unsupported(request);
  await upload.discard();
  response.status(204).end();
}

async function assertAuthorized(
  authorize: AuthorizeRegistry,
  request: Request,
  target: RegistryTarget | undefined,
): Promise<void> {
  const repository = target === undefined || target.kind === 'version' ? '' : target.repository;
  const action = request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'push';
  const decision = await decide(authorize, request, repository, action);
  if (decision === 'unauthenticated') {
    throw new RegistryError('UNAUTHORIZED', 'Sign in: docker login with an access token as the password.', {
      'www-authenticate': 'Basic realm="Shipway"',
    });
  }
  if (decision === 'denied') throw new RegistryError('DENIED', `You may not ${action} ${repository}.`);
}

async function decide(
  authorize: AuthorizeRegistry,
  request: Request,
  repository: string,
  action: 'pull' | 'push',
): Promise<'ok' | 'denied' | 'unauthenticated'> {
  const credentials = parseBasicCredentials(request.headers.authorization);
  return credentials === undefined ? 'unauthenticated' : authorize({ repository, action, ...credentials });
}

function fail(thrown: unknown, request: Request, response: Response, log: (line: string) => void): void {
  // The client is gone: nobody to tell, and nothing that failed here.
  const left = (request.destroyed && !request.complete) || isSystemError(thrown, 'ERR_STREAM_PREMATURE_CLOSE');
  if (left) return;
  const error = toRegistryError(thrown);
  if (error.status >= 500) log(`registry: ${request.method} ${request.path}: ${describe(thrown)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // A body that nobody reads would stand before the next request on this connection.
  if (!request.complete) response.set('connection', 'close');
  for (const name of ['content-length', 'etag', 'docker-content-digest', 'accept-ranges']) response.removeHeader(name);
  response.status(error.status).set(error.headers);
  response.json({ errors: [{ code: error.code, message: error.message }] });
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

function unsupported(request: Request): RegistryError {
  return new RegistryError('UNSUPPORTED', `The registry does not ${request.method} this.`);
}
