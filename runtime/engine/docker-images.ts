import { z } from 'zod';
import { ShipwayError } from '../../server/domain/error.ts';
import type { DockerClient } from './docker-client.ts';
import { isGone } from './docker-errors.ts';

/** Shipway's registry, as the engine reaches it. */
export interface RegistryAccess {
  /** `127.0.0.1:5001`. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

const imageList = z.array(z.object({ RepoDigests: z.array(z.string()).nullish() }));
const pullProgress = z.object({ error: z.string().optional() });

export async function hasImage(client: DockerClient, image: string): Promise<boolean> {
  try {
    await client.call({ action: `look for image ${image}`, method: 'GET', path: `/images/${image}/json` });
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** The credentials go to our own registry alone. */
export async function pullImage(client: DockerClient, registry: RegistryAccess, image: string): Promise<void> {
  const { repository, version } = parseReference(image);
  const action = `pull ${image}`;
  const progress = client.jsonLines(pullProgress, {
    action,
    method: 'POST',
    path: '/images/create',
    query: { fromImage: repository, tag: version },
    headers: repository.startsWith(`${registry.host}/`) ? { 'x-registry-auth': writeRegistryAuth(registry) } : {},
    timeoutMs: 0,
  });
  // Failures come after the 200, as a line of their own.
  for await (const { error } of progress) {
    if (error !== undefined) throw new ShipwayError('internal', `Cannot ${action}: the engine says: ${error}`);
  }
}

/** `<repository>@<digest>`, `<repository>:<tag>`, or `<repository>` alone: latest, since the engine would pull every tag. */
export function parseReference(image: string): { readonly repository: string; readonly version: string } {
  const [, repository = image, digest, tag] = /^([^@]+?)(?:@(.+)|:([^/:]+))?$/.exec(image) ?? [];
  return { repository, version: digest ?? tag ?? 'latest' };
}

/** Base64url of JSON (Docker Engine API, "Authentication"), with its padding: without it dockerd reads no credentials, and does not say so. */
function writeRegistryAuth({ host, username, password }: RegistryAccess): string {
  const json = JSON.stringify({ username, password, serveraddress: host });
  return Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Removes images that came from our registry alone, but for these digests. One that is in use stays. */
export async function pruneImages(
  client: DockerClient,
  registry: RegistryAccess,
  keepDigests: readonly string[],
): Promise<void> {
  const keep = new Set(keepDigests);
  const images = await client.json(imageList, { action: 'list images', method: 'GET', path: '/images/json' });
  for (const { RepoDigests } of images) {
    for (const name of RepoDigests ?? []) {
      const [repository = '', digest = ''] = name.split('@');
      if (!repository.startsWith(`${registry.host}/`) || keep.has(digest)) continue;
      await client.call({ action: `remove image ${name}`, method: 'DELETE', path: `/images/${name}` }).catch(inUse);
    }
  }
}

function inUse(error: unknown): void {
  const expected = error instanceof ShipwayError && (error.code === 'conflict' || error.code === 'not_found');
  if (!expected) throw error;
}
