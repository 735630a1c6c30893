import { mkdirSync } from 'node:fs';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ShipwayError } from '../../server/domain/error.ts';
import type { BlobStore } from './blob-store.ts';
import { unlessMissing, writeFileAtomically } from './disk.ts';

/** A layer that was made before, found again by the digest of all that decides its content. */
interface StoredLayer {
  /** Hex digits. */
  readonly key: string;
  readonly digest: string;
  readonly sizeBytes: number;
  /** ISO 8601. */
  readonly createdAt: string;
}

export interface LayerCache {
  /** Undefined too when its blob is gone. A hit marks layer and blob as used now, so that garbage collection leaves them. */
  get(key: string): Promise<StoredLayer | undefined>;
  put(layer: StoredLayer): Promise<void>;
  /** All layers with the time of their last use. */
  list(): AsyncIterable<{ readonly layer: StoredLayer; readonly usedAt: Date }>;
  remove(key: string): Promise<void>;
  /** What decided the key of this app's layer last time, so that a miss can say what changed. */
  lastInputs(appId: string, layerName: string): Promise<Readonly<Record<string, string>> | undefined>;
  rememberInputs(appId: string, layerName: string, inputs: Readonly<Record<string, string>>): Promise<void>;
  /** Forgets inputs that were last remembered before `before`. */
  forgetInputs(before: Date): Promise<void>;
}

const layerSchema = z.object({ key: z.string(), digest: z.string(), sizeBytes: z.number(), createdAt: z.string() });
const inputsSchema = z.record(z.string(), z.string());

/**
 * `<root>/layers/<key>.json` and `<root>/inputs/<app id>@<layer name>.json`. Records are not synced: one that a power cut has emptied
 * reads as a miss, and the layer is made again.
 */
export function createLayerCache(options: { readonly root: string; readonly blobs: BlobStore }): LayerCache {
  const layersFolder = join(options.root, 'layers');
  const inputsFolder = join(options.root, 'inputs');
  mkdirSync(layersFolder, { recursive: true });
  mkdirSync(inputsFolder, { recursive: true });

  const layerPath = (key: string) => {
    if (!/^[0-9a-f]{16,128}$/.test(key)) throw new ShipwayError('invalid_params', `"${key}" is no layer key.`);
    return join(layersFolder, `${key}.json`);
  };
  const inputsPath = (appId: string, layerName: string) =>
    join(inputsFolder, `${encodeURIComponent(appId)}@${encodeURIComponent(layerName)}.json`);

  async function get(key: string): Promise<StoredLayer | undefined> {
    const layer = await readRecord(layerPath(key), layerSchema);
    if (layer === undefined || !(await options.blobs.touch(layer.digest))) return undefined;
    const now = new Date();
    await unlessMissing(utimes(layerPath(key), now, now));
    return layer;
  }

  async function* list(): AsyncIterable<{ layer: StoredLayer; usedAt: Date }> {
    for (const name of await readdir(layersFolder)) {
      const path = join(layersFolder, name);
      const found = await unlessMissing(stat(path));
      const layer = await readRecord(path, layerSchema);
      if (found !== undefined && layer !== undefined) yield { layer, usedAt: found.mtime };
    }
  }

  return {
    get,
    list,
    put: (layer) => writeFileAtomically(layerPath(layer.key), JSON.stringify(layer), { sync: false }),
    remove: (key) => rm(layerPath(key), { force: true }),
    lastInputs: (appId, layerName) => readRecord(inputsPath(appId, layerName), inputsSchema),
    rememberInputs: (appId, layerName, inputs) =>
      writeFileAtomically(inputsPath(appId, layerName), JSON.stringify(inputs), { sync: false }),
    forgetInputs: async (before) => {
      for (const name of await readdir(inputsFolder)) {
        const path = join(inputsFolder, name);
        const found = await unlessMissing(stat(path));
        if (found !== undefined && found.mtime < before) await rm(path, { force: true });
      }
    },
  };
}

async function readRecord<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await unlessMissing(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
