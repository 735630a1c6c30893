import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

export const credentials = { username: 'engine', password: 'correct horse' };

const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
};

/** Serves one image of one layer behind Basic auth (OCI distribution spec, pull only). */
export async function startTinyRegistry(layerTar: Readable) {
  const blobs = new Map<string, Buffer>();
  const put = (bytes: Buffer, mediaType: string) => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const layer = await buffer(layerTar);
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Entrypoint: ['/bin/sh', '-c'] },
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: put(Buffer.from(JSON.stringify(config)), mediaTypes.config),
    layers: [put(layer, mediaTypes.layer)],
  };
  const { digest } = put(Buffer.from(JSON.stringify(manifest)), mediaTypes.manifest);
  const requests: string[] = [];
  const expected = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;

  const server = http.createServer((request, response) => {
    const { url = '', headers } = request;
    if (headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="tiny"' }).end();
      return;
    }
    requests.push(`${request.method} ${url}`);
    const name = url.split('/').at(-1) ?? '';
    const blob = blobs.get(name);
    if (url === '/v2/') response.end('{}');
    else if (blob === undefined) response.writeHead(404).end();
    else {
      const type = url.includes('/manifests/') ? mediaTypes.manifest : 'application/octet-stream';
      response.writeHead(200, {
        'content-type': type,
        'content-length': blob.length,
        'docker-content-digest': name,
      });
      response.end(request.method === 'HEAD' ? undefined : blob);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  return { host, digest, requests, close: () => server.close().closeAllConnections() };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
