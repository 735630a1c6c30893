import type { Blob, BlobStore } from '../buildpacks/image/blob-store.ts';
import type { ManifestStore } from '../buildpacks/image/manifest-store.ts';
import { writeImage } from '../buildpacks/image/write-image.ts';
import type { Engine } from './domain/engine.ts';

/** Name of the base in the registry, beside the apps' ids. */
const repository = 'base';
const tag = 'run';

/** The base alone as an image, so that the engine can fetch it before the first app needs it. */
export async function writeBaseImage(options: {
  readonly blobs: BlobStore;
  readonly manifests: ManifestStore;
  readonly layer: Blob;
}): Promise<void> {
  const { blobs, manifests, layer } = options;
  const config = {
    env: {},
    user: '1000:1000',
    workingDir: '/app',
    entrypoint: [],
    cmd: [],
    labels: {},
    exposedPorts: [],
  };
  const { digest } = await writeImage({ blobs, manifests, repository, layers: [layer], config });
  await manifests.tag(repository, tag, digest);
}

/** Digest of the base's image, by its repository, for garbage collection. */
export async function baseImage(
  manifests: ManifestStore,
): Promise<{ readonly repository: string; readonly digest: string } | undefined> {
  const found = await manifests.get(repository, tag);
  return found && { repository, digest: found.digest };
}

/** Saves the first push the seconds that unpacking the base takes. Best effort: that push pulls it otherwise. */
export async function pullBaseImage(options: {
  readonly engine: Engine;
  readonly manifests: ManifestStore;
  readonly registryHost: string;
}): Promise<void> {
  const image = await baseImage(options.manifests);
  if (image) await options.engine.pull(`${options.registryHost}/${image.repository}@${image.digest}`);
}
