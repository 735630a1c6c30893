import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBlobStore } from '../../../buildpacks/image/blob-store.ts';
import { createLayerCache } from '../../../buildpacks/image/layer-cache.ts';
import { temporaryFolder } from './temporary-folder.ts';

const key = 'ab'.repeat(32);

async function emptyCache() {
  const root = await temporaryFolder();
  const blobs = createBlobStore({ root });
  const layers = createLayerCache({ root, blobs });
  const store = async (content: string) => {
    const layer = { key, ...(await blobs.putBytes(Buffer.from(content))), createdAt: '2026-01-02T03:04:05.000Z' };
    await layers.put(layer);
    return layer;
  };
  return { root, blobs, layers, store };
}

describe('buildpacks/image/layer-cache', () => {
  it('finds a layer by its key, until its blob is gone', async () => {
    const { blobs, layers, store } = await emptyCache();
    expect(await layers.get(key)).toBeUndefined();
    const layer = await store('layer');
    expect(await layers.get(key)).toEqual(layer);
    await blobs.remove(layer.digest);
    expect(await layers.get(key)).toBeUndefined();
  });

  it.each(['', '{"key":', '{"key":1}'])('takes a record that reads "%s" for a miss', async (content) => {
    const { root, layers, store } = await emptyCache();
    await store('layer');
    await writeFile(join(root, 'layers', `${key}.json`), content);
    expect(await layers.get(key)).toBeUndefined();
    expect(await Array.fromAsync(layers.list())).toEqual([]);
  });

  it('takes only hex digits for a key', async () => {
    const { layers } = await emptyCache();
    await expect(async () => layers.get('../../../../etc/passwd')).rejects.toMatchObject({ code: 'invalid_params' });
  });

  it('remembers what decided a layer last time, by app and layer, whatever their names', async () => {
    const { root, layers } = await emptyCache();
    await layers.rememberInputs('app-1', '../../nodejs/dependencies', { 'package-lock.json': 'a1' });
    await layers.rememberInputs('app-2', 'dependencies', { 'package-lock.json': 'b2' });
    await layers.rememberInputs('app-2', 'dependencies', { 'package-lock.json': 'b3' });
    expect(await layers.lastInputs('app-1', '../../nodejs/dependencies')).toEqual({ 'package-lock.json': 'a1' });
    expect(await layers.lastInputs('app-2', 'dependencies')).toEqual({ 'package-lock.json': 'b3' });
    expect(await layers.lastInputs('app-3', 'dependencies')).toBeUndefined();
    expect(await readdir(join(root, 'inputs'))).toHaveLength(2);
  });
});
