import { z } from 'zod';
import { ShipwayError } from '../../server/domain/error.ts';
import { isDigest } from './image-names.ts';

/** Media types of OCI (image specification 1.1) and of Docker (image manifest v2, schema 2): the same shape under two names. */
export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** What a manifest refers to: blobs (config and layers) or, for an index, other manifests. */
export interface Manifest {
  readonly mediaType: string;
  readonly blobs: readonly Descriptor[];
  readonly manifests: readonly Descriptor[];
}

const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: z.string().refine(isDigest, 'is no sha256 digest'),
  size: z.int().nonnegative(),
});
const imageSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum([mediaTypes.manifest, mediaTypes.dockerManifest]).default(mediaTypes.manifest),
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
});
const indexSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum([mediaTypes.index, mediaTypes.dockerIndex]).default(mediaTypes.index),
  manifests: z.array(descriptorSchema),
});
const manifestSchema = z.union([imageSchema, indexSchema]);

/** @throws ShipwayError invalid_params for anything but an image manifest or an index, of OCI or of Docker. */
export function parseManifest(bytes: Buffer): Manifest {
  const parsed = manifestSchema.safeParse(parseJson(bytes));
  if (!parsed.success) {
    throw new ShipwayError('invalid_params', `This is no image manifest or index: ${z.prettifyError(parsed.error)}`);
  }
  const manifest = parsed.data;
  return 'layers' in manifest
    ? { mediaType: manifest.mediaType, blobs: [manifest.config, ...manifest.layers.filter(isServed)], manifests: [] }
    : { mediaType: manifest.mediaType, blobs: [], manifests: manifest.manifests };
}

/** Some base layers of Windows may not be redistributed: clients fetch them from elsewhere and never push them. */
function isServed(layer: Descriptor): boolean {
  return !/foreign|nondistributable/.test(layer.mediaType);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
