import { arch } from 'node:os';
import { ShipwayError } from '../../server/domain/error.ts';
import type { Blob, BlobStore } from './blob-store.ts';
import { mediaTypes } from './manifest.ts';
import type { ManifestStore } from './manifest-store.ts';

export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>;
  /** `uid:gid`. */
  readonly user: string;
  readonly workingDir: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `5000/tcp`. */
  readonly exposedPorts: readonly string[];
}

interface ImageOptions {
  readonly blobs: BlobStore;
  readonly manifests: ManifestStore;
  readonly repository: string;
  /** Uncompressed tars, lowest first. */
  readonly layers: readonly Blob[];
  readonly config: ImageConfig;
  /** Go's word for it; that of this machine by default. */
  readonly architecture?: string;
}

/**
 * Writes configuration and manifest of an image whose layers are in the store. The same layers and configuration give the same digest.
 * `sizeBytes` counts layers and configuration.
 * @throws ShipwayError not_found when a layer is not in the store.
 */
export async function writeImage(options: ImageOptions): Promise<{ digest: string; sizeBytes: number }> {
  await Promise.all(options.layers.map((layer) => claim(options.blobs, layer)));
  const config = await options.blobs.putBytes(formatImageConfig(options));
  const manifest = await options.manifests.put(
    options.repository,
    formatManifest(config, options.layers),
    mediaTypes.manifest,
  );
  const sizeBytes = options.layers.reduce((sum, layer) => sum + layer.sizeBytes, config.sizeBytes);
  return { digest: manifest.digest, sizeBytes };
}

/** Touched before the manifest names it, so that garbage collection leaves it (see BlobStore). */
async function claim(blobs: BlobStore, layer: Blob): Promise<void> {
  if (await blobs.touch(layer.digest)) return;
  throw new ShipwayError(
    'not_found',
    `Cannot write the image: layer ${layer.digest} is not in the store. Build again.`,
  );
}

/** OCI image specification 1.1, config.md. Layers are stored as they are, so their digests are their diff ids. */
function formatImageConfig(options: ImageOptions): Buffer {
  const { config } = options;
  return formatJson({
    created: '1970-01-01T00:00:00Z',
    architecture: options.architecture ?? goArchitecture(),
    os: 'linux',
    config: {
      User: config.user,
      ExposedPorts: Object.fromEntries([...config.exposedPorts].sort().map((port) => [port, {}])),
      Env: Object.entries(sortKeys(config.env)).map(([name, value]) => `${name}=${value}`),
      Entrypoint: config.entrypoint,
      Cmd: config.cmd,
      WorkingDir: config.workingDir,
      Labels: sortKeys(config.labels),
    },
    rootfs: { type: 'layers', diff_ids: options.layers.map((layer) => layer.digest) },
  });
}

/** OCI image specification 1.1, manifest.md. */
function formatManifest(config: Blob, layers: readonly Blob[]): Buffer {
  return formatJson({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: config.digest, size: config.sizeBytes },
    layers: layers.map((layer) => ({ mediaType: mediaTypes.layer, digest: layer.digest, size: layer.sizeBytes })),
  });
}

function formatJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function sortKeys(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.keys(record)
      .sort()
      .map((key) => [key, record[key] ?? '']),
  );
}

function goArchitecture(): string {
  const machine = arch();
  return machine === 'x64' ? 'amd64' : machine;
}
