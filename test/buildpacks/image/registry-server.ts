import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { onTestFinished } from 'vitest';
import { createBlobStore } from '../../../buildpacks/image/blob-store.ts';
import { createManifestStore } from '../../../buildpacks/image/manifest-store.ts';
import { type AuthorizeRegistry, createRegistry } from '../../../buildpacks/image/registry.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const authorization = `Basic ${Buffer.from('ada:secret').toString('base64')}`;

/** Signed in as ada, one may do everything but touch repositories called `private/...`. */
const authorize: AuthorizeRegistry = async ({ repository, username, password }) => {
  if (username !== 'ada' || password !== 'secret') return 'unauthenticated';
  return repository.startsWith('private/') ? 'denied' : 'ok';
};

/** A registry on a free port of loopback, with an empty store, until the test ends. */
export async function startRegistry(options: { readonly root?: string } = {}) {
  const root = options.root ?? (await temporaryFolder());
  const blobs = createBlobStore({ root });
  const manifests = createManifestStore({ root });
  const lines: string[] = [];
  const server = createServer(
    express().use('/v2', createRegistry({ blobs, manifests, root, authorize, log: (line) => lines.push(line) })),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const call = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, `http://${host}`), { ...init, headers: { authorization, ...init.headers } });
  return { root, blobs, manifests, host, call, lines };
}

export type TestRegistry = Awaited<ReturnType<typeof startRegistry>>;
