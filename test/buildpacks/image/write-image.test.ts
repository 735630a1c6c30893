import { describe, expect, it } from 'vitest';
import { createBlobStore } from '../../../buildpacks/image/blob-store.ts';
import { createManifestStore } from '../../../buildpacks/image/manifest-store.ts';
import { writeImage } from '../../../buildpacks/image/write-image.ts';
import { temporaryFolder } from './temporary-folder.ts';

const config = {
  env: { PATH: '/bin', A: '1' },
  user: '1000:1000',
  workingDir: '/app',
  entrypoint: ['/bin/sh'],
  cmd: ['-c', 'node server.js'],
  labels: { b: '2', a: '1' },
  exposedPorts: ['5000/tcp'],
};

async function emptyStores() {
  const root = await temporaryFolder();
  const blobs = createBlobStore({ root });
  const manifests = createManifestStore({ root });
  const layer = await blobs.putBytes(Buffer.from('layer'));
  return { blobs, manifests, layers: [layer], repository: 'app-1', architecture: 'amd64', config };
}

describe('buildpacks/image/write-image', () => {
  it('writes a manifest whose config and layers are in the store', async () => {
    const stores = await emptyStores();
    const image = await writeImage(stores);
    const stored = await stores.manifests.get('app-1', image.digest);
    const manifest = JSON.parse(String(stored?.bytes));
    expect(stored?.mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
    expect(manifest.layers).toEqual([
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: stores.layers[0]?.digest, size: 5 },
    ]);
    expect(JSON.parse(String(await stores.blobs.readBytes(manifest.config.digest)))).toEqual({
      created: '1970-01-01T00:00:00Z',
      architecture: 'amd64',
      os: 'linux',
      config: {
        User: '1000:1000',
        ExposedPorts: { '5000/tcp': {} },
        Env: ['A=1', 'PATH=/bin'],
        Entrypoint: ['/bin/sh'],
        Cmd: ['-c', 'node server.js'],
        WorkingDir: '/app',
        Labels: { a: '1', b: '2' },
      },
      rootfs: { type: 'layers', diff_ids: [stores.layers[0]?.digest] },
    });
    expect(image.sizeBytes).toBe(5 + manifest.config.size);
  });

  it('gives the same digest for the same content, in whatever order variables and labels come', async () => {
    const stores = await emptyStores();
    const first = await writeImage(stores);
    const other = { ...config, env: { A: '1', PATH: '/bin' }, labels: { a: '1', b: '2' } };
    expect(await writeImage({ ...stores, config: other })).toEqual(first);
    expect((await writeImage({ ...stores, config: { ...config, cmd: ['x'] } })).digest).not.toBe(first.digest);
  });

  it('refuses a layer that is not in the store', async () => {
    const stores = await emptyStores();
    await stores.blobs.remove(stores.layers[0]?.digest ?? '');
    await expect(writeImage(stores)).rejects.toMatchObject({ code: 'not_found' });
    expect(await stores.manifests.repositories()).toEqual([]);
  });
});
