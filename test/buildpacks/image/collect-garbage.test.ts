import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBlobStore } from '../../../buildpacks/image/blob-store.ts';
import { collectGarbage } from '../../../buildpacks/image/collect-garbage.ts';
import { createLayerCache } from '../../../buildpacks/image/layer-cache.ts';
import { mediaTypes } from '../../../buildpacks/image/manifest.ts';
import { createManifestStore } from '../../../buildpacks/image/manifest-store.ts';
import { writeImage } from '../../../buildpacks/image/write-image.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function emptyStores() {
  const root = await temporaryFolder();
  const blobs = createBlobStore({ root });
  const stores = { blobs, manifests: createManifestStore({ root }), layers: createLayerCache({ root, blobs }) };
  const writeAppImage = async (repository: string, ...contents: string[]) => {
    const layers = await Promise.all(contents.map((content) => blobs.putBytes(Buffer.from(content))));
    const config = { env: {}, user: '', workingDir: '', entrypoint: [], cmd: contents, labels: {}, exposedPorts: [] };
    return writeImage({ ...stores, repository, layers, config });
  };
  /** As if all that is there had been put long ago. */
  const age = async () => {
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), 1, 1);
    }
  };
  const contents = async () => {
    const found = await Promise.all((await Array.fromAsync(blobs.list())).map((blob) => blobs.readBytes(blob.digest)));
    return found
      .map(String)
      .filter((content) => !content.startsWith('{'))
      .sort();
  };
  const keepLayersSince = new Date(Date.now() - 3_600_000);
  return { ...stores, writeAppImage, age, contents, keepLayersSince };
}

const key = (digit: string) => digit.repeat(64);

describe('buildpacks/image/collect-garbage', () => {
  it('removes images that no release needs, and keeps the layers that others share with them', async () => {
    const stores = await emptyStores();
    const kept = await stores.writeAppImage('app', 'base', 'new');
    await stores.writeAppImage('app', 'base', 'old');
    await stores.writeAppImage('gone', 'base', 'of a destroyed app');
    await stores.age();
    const keepManifests = new Map([['app', new Set([kept.digest])]]);
    const collected = await collectGarbage({ ...stores, keepManifests });
    expect(collected).toMatchObject({ manifests: 2, blobs: 4 });
    expect(await stores.contents()).toEqual(['base', 'new']);
    expect(await stores.manifests.repositories()).toEqual(['app']);
    expect(await collectGarbage({ ...stores, keepManifests })).toEqual({
      manifests: 0,
      layers: 0,
      blobs: 0,
      freedBytes: 0,
    });
  });

  it('leaves alone what was put within the time of grace: an image that is being made', async () => {
    const stores = await emptyStores();
    await stores.writeAppImage('app', 'just built');
    await stores.blobs.putBytes(Buffer.from('not named yet'));
    const collected = await collectGarbage({ ...stores, keepManifests: new Map() });
    expect(collected).toMatchObject({ manifests: 0, blobs: 0 });
    expect(await stores.contents()).toEqual(['just built', 'not named yet']);
  });

  it('keeps cached layers that were used lately or are part of an image, and forgets the others', async () => {
    const stores = await emptyStores();
    const kept = await stores.writeAppImage('app', 'of an image');
    for (const [digit, content] of Object.entries({ a: 'of an image', b: 'used lately', c: 'unused' })) {
      const blob = await stores.blobs.putBytes(Buffer.from(content));
      await stores.layers.put({ key: key(digit), ...blob, createdAt: new Date().toISOString() });
    }
    await stores.age();
    await stores.layers.get(key('b'));
    const keepManifests = new Map([['app', new Set([kept.digest])]]);
    expect(await collectGarbage({ ...stores, keepManifests })).toMatchObject({ layers: 1, blobs: 1 });
    expect(await stores.contents()).toEqual(['of an image', 'used lately']);
    expect(await stores.layers.get(key('c'))).toBeUndefined();
  });

  it('keeps the images of an index that is kept', async () => {
    const stores = await emptyStores();
    const child = await stores.writeAppImage('app', 'for one machine');
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.index,
        manifests: [{ mediaType: mediaTypes.manifest, digest: child.digest, size: 1 }],
      }),
    );
    const index = await stores.manifests.put('app', bytes, mediaTypes.index);
    await stores.age();
    await collectGarbage({ ...stores, keepManifests: new Map([['app', new Set([index.digest])]]) });
    expect(await stores.contents()).toEqual(['for one machine']);
  });

  it('runs beside builds without taking anything from them', async () => {
    const stores = await emptyStores();
    // Left from long ago, and used again by the builds: only touching it saves it.
    const base = await stores.blobs.putBytes(Buffer.from('base'));
    const images: string[] = [];
    const build = async () => {
      for (let i = 0; i < 30; i++) {
        await utimes(stores.blobs.pathOf(base.digest), 1, 1);
        images.push((await stores.writeAppImage('app', 'base', `build ${i}`)).digest);
      }
    };
    let building = true;
    const collect = async () => {
      while (building) await collectGarbage({ ...stores, keepManifests: new Map(), graceMs: 60_000 });
    };
    const stop = () => {
      building = false;
    };
    await Promise.all([build().finally(stop), collect()]);
    for (const digest of images) {
      const stored = await stores.manifests.get('app', digest);
      for (const { digest: layer } of JSON.parse(String(stored?.bytes)).layers) {
        expect(await stores.blobs.stat(layer)).toBeDefined();
      }
    }
  });
});
