import type { BlobStore } from './blob-store.ts';
import type { LayerCache } from './layer-cache.ts';
import { parseManifest } from './manifest.ts';
import type { ManifestStore } from './manifest-store.ts';

export interface GarbageOptions {
  readonly blobs: BlobStore;
  readonly layers: LayerCache;
  readonly manifests: ManifestStore;
  /** Digests by repository of the manifests that releases need. What an index among them names is kept too. */
  readonly keepManifests: ReadonlyMap<string, ReadonlySet<string>>;
  /** Cached layers that no image uses are kept when they were used since. */
  readonly keepLayersSince: Date;
  /** Nothing put or touched within this time is removed: builds and pushes that run now put blobs first, then what names them. */
  readonly graceMs?: number;
  readonly clock?: () => Date;
}

export interface Collected {
  readonly manifests: number;
  readonly layers: number;
  readonly blobs: number;
  readonly freedBytes: number;
}

/**
 * Removes what nothing refers to: first manifests, then layer records, then blobs, so that a kill between any two leaves only
 * garbage for the next run, never a reference to what is gone. Writers may go on meanwhile (see BlobStore.removeUnused).
 */
export async function collectGarbage(options: GarbageOptions): Promise<Collected> {
  const now = (options.clock ?? (() => new Date()))();
  const before = new Date(now.getTime() - (options.graceMs ?? 24 * 60 * 60 * 1000));
  const used = new Set<string>();
  const manifests = await sweepManifests(options, before, used);
  const layers = await sweepLayers(options, before, used);
  const blobs = await sweepBlobs(options.blobs, before, used);
  await options.blobs.removeAbandoned(before);
  await options.layers.forgetInputs(options.keepLayersSince);
  return { manifests, layers, ...blobs };
}

/** Adds the blobs of all manifests that stay to `used`. */
async function sweepManifests(options: GarbageOptions, before: Date, used: Set<string>): Promise<number> {
  let removed = 0;
  for (const repository of await options.manifests.repositories()) {
    const listed = await options.manifests.list(repository);
    const young = listed.filter(({ putAt }) => putAt >= before).map(({ digest }) => digest);
    const kept = new Set<string>();
    for (const digest of [...(options.keepManifests.get(repository) ?? []), ...young]) {
      await mark(options.manifests, { repository, digest }, kept, used);
    }
    for (const { digest } of listed) {
      if (!kept.has(digest) && (await options.manifests.removeUnused(repository, digest, before))) removed++;
    }
  }
  return removed;
}

async function mark(
  manifests: ManifestStore,
  at: { readonly repository: string; readonly digest: string },
  kept: Set<string>,
  used: Set<string>,
): Promise<void> {
  if (kept.has(at.digest)) return;
  const stored = await manifests.get(at.repository, at.digest);
  if (stored === undefined) return;
  kept.add(at.digest);
  const manifest = parseManifest(stored.bytes);
  for (const blob of manifest.blobs) used.add(blob.digest);
  for (const { digest } of manifest.manifests) await mark(manifests, { repository: at.repository, digest }, kept, used);
}

/** Adds the blobs of all layers that stay to `used`. */
async function sweepLayers(options: GarbageOptions, before: Date, used: Set<string>): Promise<number> {
  let removed = 0;
  for await (const { layer, usedAt } of options.layers.list()) {
    if (usedAt >= options.keepLayersSince || usedAt >= before || used.has(layer.digest)) {
      used.add(layer.digest);
    } else {
      await options.layers.remove(layer.key);
      removed++;
    }
  }
  return removed;
}

async function sweepBlobs(
  blobs: BlobStore,
  before: Date,
  used: ReadonlySet<string>,
): Promise<{ blobs: number; freedBytes: number }> {
  let removed = 0;
  let freedBytes = 0;
  for await (const blob of blobs.list()) {
    if (used.has(blob.digest) || !(await blobs.removeUnused(blob.digest, before))) continue;
    removed++;
    freedBytes += blob.sizeBytes;
  }
  return { blobs: removed, freedBytes };
}
