import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type BaseLayer, type BaseVariant, ensureBaseLayer } from '../buildpacks/image/base-layer.ts';
import type { BlobStore } from '../buildpacks/image/blob-store.ts';
import { runCommand } from '../buildpacks/image/run-command.ts';
import type { Config } from './config.ts';

/** The bottom layer as this platform's settings have it: `prepare` makes it, the worker finds it. */
export function createBaseLayers(options: {
  readonly config: Config;
  readonly blobs: BlobStore;
  readonly engine: { readonly exportImage: (reference: string) => Promise<Readable> };
  readonly log: (text: string) => void;
}): (variant: BaseVariant) => Promise<BaseLayer> {
  const { config, blobs, engine, log } = options;
  const root = join(config.SHIPWAY_DATA, 'store');
  return (variant) =>
    ensureBaseLayer({
      blobs,
      root,
      run: runCommand,
      log,
      variant,
      ...(config.SHIPWAY_BASE_IMAGE ? { image: config.SHIPWAY_BASE_IMAGE, exportImage: engine.exportImage } : {}),
      ...(config.SHIPWAY_DEBIAN_MIRROR ? { mirror: config.SHIPWAY_DEBIAN_MIRROR } : {}),
    });
}
