import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ShipwayError } from '../../server/domain/error.ts';
import { completeBase } from './base-from-image.ts';
import { baseKey, bootstrapArguments, stackName } from './base-recipe.ts';
import type { Blob, BlobStore } from './blob-store.ts';
import { explainDiskError } from './disk.ts';
import { withFileLock } from './file-lock.ts';
import { createLayerCache } from './layer-cache.ts';
import type { RunCommand } from './run-command.ts';

/** `run`: below every app. `build`: the same with what compiles native addons and fetches git dependencies, for build containers that need it. */
export type BaseVariant = 'run' | 'build';

export interface BaseOptions {
  readonly blobs: BlobStore;
  readonly root: string;
  readonly run: RunCommand;
  readonly log: (line: string) => void;
  readonly variant?: BaseVariant;
  /** A reference that the engine can pull: taken in place of the bootstrapped Debian. Needs `exportImage`. */
  readonly image?: string;
  /** Files of an image as a tar, as the engine exports them. */
  readonly exportImage?: (reference: string) => Promise<Readable>;
  /** Mirror of Debian's archive, a URL; mmdebstrap's own choice by default. */
  readonly mirror?: string;
}

export interface BaseLayer extends Blob {
  /** What apps see as STACK. */
  readonly stack: string;
}

/**
 * The bottom layer of all images, made at the first call (about 25 s) and found from then on. Several processes may call it at once: one makes it,
 * the others wait. One that is killed meanwhile leaves nothing but a file that the next one removes.
 * @throws ShipwayError unavailable when it cannot be made, saying why and what to do.
 */
export async function ensureBaseLayer(options: BaseOptions): Promise<BaseLayer> {
  const variant = options.variant ?? 'run';
  const stack = options.image ?? stackName;
  const key = baseKey(options.image === undefined ? { variant } : { image: options.image });
  const layers = createLayerCache(options);
  const find = async (): Promise<BaseLayer | undefined> => {
    const layer = await layers.get(key);
    return layer && { digest: layer.digest, sizeBytes: layer.sizeBytes, stack };
  };
  const known = await find();
  if (known !== undefined) return known;

  const folder = join(options.root, 'base');
  await mkdir(folder, { recursive: true });
  return withFileLock(join(folder, `${key}.lock`), async () => {
    const madeMeanwhile = await find();
    if (madeMeanwhile !== undefined) return madeMeanwhile;
    const { digest, sizeBytes } = await makeBase(options, variant, join(folder, `${key}.tar`));
    await layers.put({ key, digest, sizeBytes, createdAt: new Date().toISOString() });
    return { digest, sizeBytes, stack };
  });
}

/** @param path Where the archive is written; only the holder of the lock knows it, so what is there was left by a killed one. */
async function makeBase(options: BaseOptions, variant: BaseVariant, path: string): Promise<Blob> {
  await rm(path, { force: true });
  try {
    if (options.image === undefined) {
      await bootstrap(options, variant, path);
      return await options.blobs.put(createReadStream(path));
    }
    await exportTo(path, options, options.image);
    return await options.blobs.put(await completeBase(path));
  } catch (thrown) {
    throw explainDiskError(thrown, path);
  } finally {
    await rm(path, { force: true });
  }
}

async function bootstrap(options: BaseOptions, variant: BaseVariant, path: string): Promise<void> {
  const startedAt = Date.now();
  const lastLines: string[] = [];
  options.log(`Making the base (${stackName}, ${variant}) from Debian's packages, once for all apps`);
  const exitCode = await options.run('env', bootstrapArguments({ variant, output: path, mirror: options.mirror }), {
    onLine: (line) => {
      const step = /^I: ((?:running apt|downloading|extracting|installing|cleaning|creating) .*)$/.exec(line)?.[1];
      if (step !== undefined) options.log(`  ${step}`);
      lastLines.push(line);
      if (lastLines.length > 12) lastLines.shift();
    },
  });
  if (exitCode !== 0) throw bootstrapFailed(exitCode, lastLines);
  options.log(`The base is made, in ${Math.round((Date.now() - startedAt) / 1000)} s`);
}

function bootstrapFailed(exitCode: number, lastLines: readonly string[]): ShipwayError {
  const instead = 'Or name an image to start from, which the engine can pull (base image in the configuration).';
  if (exitCode === 127) {
    return new ShipwayError(
      'unavailable',
      `Cannot make the base: mmdebstrap is not installed. Run: apt-get install mmdebstrap. ${instead}`,
    );
  }
  const output = lastLines.join('\n');
  return new ShipwayError(
    'unavailable',
    `Cannot make the base: mmdebstrap ended with status ${exitCode}. Its last lines follow. ${instead}\n${output}`,
  );
}

async function exportTo(path: string, options: BaseOptions, image: string): Promise<void> {
  if (options.exportImage === undefined) {
    throw new ShipwayError('unavailable', `Cannot take ${image} as the base: no engine is there to pull it.`);
  }
  options.log(`Pulling ${image} as the base, once for all apps`);
  await pipeline(await options.exportImage(image), createWriteStream(path));
}
