import { collectGarbage, type GarbageOptions } from '../buildpacks/image/collect-garbage.ts';
import { baseImage } from './base-image.ts';
import type { Engine } from './domain/engine.ts';
import type { Stores } from './domain/stores.ts';

const everyMs = 60 * 60 * 1000;
/** Layers that no image uses any more, e.g. dependencies of yesterday's lock file, may be wanted again. */
const keepLayersMs = 14 * 24 * 60 * 60 * 1000;

/** Keeps the disk from filling: each hour, what no release needs goes from the store and from the engine. */
export function startHousekeeping(
  options: Pick<GarbageOptions, 'blobs' | 'layers' | 'manifests'> & {
    readonly stores: Stores;
    readonly engine: Engine;
    readonly clock: () => Date;
    readonly log: (text: string) => void;
  },
): { readonly stop: () => void } {
  const { stores, engine, clock, log, ...store } = options;

  async function clean(): Promise<void> {
    const digests = await stores.releases.imageDigests();
    const kept = new Set(digests);
    const keepManifests = new Map<string, ReadonlySet<string>>((await stores.apps.all()).map((app) => [app.id, kept]));
    const base = await baseImage(store.manifests);
    if (base) keepManifests.set(base.repository, new Set([base.digest]));
    const keepLayersSince = new Date(clock().getTime() - keepLayersMs);
    const { freedBytes } = await collectGarbage({ ...store, keepManifests, keepLayersSince, clock });
    await engine.pruneImages(base ? [...digests, base.digest] : digests);
    if (freedBytes > 0) log(`housekeeping: freed ${Math.round(freedBytes / 2 ** 20)} MiB`);
  }

  const timer = setInterval(() => clean().catch((error: unknown) => log(`housekeeping: ${String(error)}`)), everyMs);
  return { stop: () => clearInterval(timer) };
}
