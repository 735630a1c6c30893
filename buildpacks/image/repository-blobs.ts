import { parseManifest } from './manifest.ts';
import type { ManifestStore } from './manifest-store.ts';

/**
 * Which blobs a repository may show. Blobs are stored once for all repositories, so a digest alone must open nothing: who may pull from
 * one app's repository could read another's layers. A repository has the blobs that its manifests name, and those pushed to it that wait
 * for their manifest. The latter are forgotten with the process: their client pushes them again.
 */
export interface RepositoryBlobs {
  has(repository: string, digest: string): Promise<boolean>;
  /** Pushed just now; its manifest is to come. */
  add(repository: string, digest: string): void;
}

/** How long a pushed blob waits for its manifest, and how many are remembered. */
const waitMs = 24 * 60 * 60 * 1000;
const rememberedLimit = 50_000;

export function createRepositoryBlobs(options: {
  readonly manifests: ManifestStore;
  readonly clock: () => Date;
}): RepositoryBlobs {
  const { manifests, clock } = options;
  const waiting = new Map<string, number>();
  // Content under a digest never changes, so what a manifest names is read once.
  const named = new Map<string, ReadonlySet<string>>();

  async function blobsOf(repository: string, manifest: string): Promise<ReadonlySet<string>> {
    const known = named.get(manifest);
    if (known !== undefined) return known;
    const stored = await manifests.get(repository, manifest);
    const digests = new Set(stored === undefined ? [] : parseManifest(stored.bytes).blobs.map((blob) => blob.digest));
    if (stored !== undefined) remember(named, manifest, digests);
    return digests;
  }

  return {
    add: (repository, digest) => remember(waiting, `${repository}@${digest}`, clock().getTime()),
    has: async (repository, digest) => {
      const pushedAt = waiting.get(`${repository}@${digest}`);
      if (pushedAt !== undefined && clock().getTime() - pushedAt < waitMs) return true;
      for (const manifest of await manifests.list(repository)) {
        if ((await blobsOf(repository, manifest.digest)).has(digest)) return true;
      }
      return false;
    },
  };
}

/** Forgets the oldest beyond the limit; a Map keeps the order of insertion. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= rememberedLimit) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
