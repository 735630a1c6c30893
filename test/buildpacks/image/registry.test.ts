import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../../../buildpacks/image/manifest.ts';
import { authorization, startRegistry, type TestRegistry } from './registry-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

const sha256 = (content: string | Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const config = '{}';

async function pushBlob(registry: TestRegistry, repository: string, content: string): Promise<string> {
  const digest = sha256(content);
  const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
  expect((await registry.call(path, { method: 'POST', body: content })).status).toBe(201);
  return digest;
}

function manifestOf(...layers: string[]): string {
  const descriptor = (mediaType: string) => (content: string) => ({
    mediaType,
    digest: sha256(content),
    size: content.length,
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(mediaTypes.config)(config),
    layers: layers.map(descriptor(mediaTypes.layer)),
  });
}

const putManifest = (registry: TestRegistry, path: string, body: string, type: string = mediaTypes.manifest) =>
  registry.call(`/v2/${path}`, { method: 'PUT', body, headers: { 'content-type': type } });

async function pushImage(registry: TestRegistry, repository: string, tag: string, layer = 'layer'): Promise<string> {
  await pushBlob(registry, repository, config);
  await pushBlob(registry, repository, layer);
  const response = await putManifest(registry, `${repository}/manifests/${tag}`, manifestOf(layer));
  expect(response.status).toBe(201);
  return response.headers.get('docker-content-digest') ?? '';
}

async function errorCode(response: Response): Promise<string> {
  const body = (await response.json()) as { errors: { code: string; message: string }[] };
  expect(body.errors[0]?.message).toBeTruthy();
  return `${response.status} ${body.errors[0]?.code}`;
}

describe('buildpacks/image/registry authorization', () => {
  it.each([
    ['GET', '/v2/'],
    ['HEAD', '/v2/app/manifests/v1'],
    ['POST', '/v2/app/blobs/uploads/'],
    ['GET', '/v2/nothing/here'],
  ])('asks %s %s for credentials', async (method, path) => {
    const registry = await startRegistry();
    for (const headers of [{ authorization: '' }, { authorization: `Basic ${btoa('ada:wrong')}` }]) {
      const response = await registry.call(path, { method, headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Basic realm="Shipway"');
      if (method !== 'HEAD') expect(await errorCode(response)).toBe('401 UNAUTHORIZED');
    }
  });

  it('answers the version check to whoever is signed in', async () => {
    const registry = await startRegistry();
    const response = await registry.call('/v2/');
    expect(response.status).toBe(200);
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
  });

  it('denies what the user may not touch', async () => {
    const registry = await startRegistry();
    expect(await errorCode(await registry.call('/v2/private/app/tags/list'))).toBe('403 DENIED');
  });

  it("does not show one repository's blobs in another, nor take a manifest that names them", async () => {
    const registry = await startRegistry();
    const secret = await pushBlob(registry, 'private-layers', 'secret');
    await pushBlob(registry, 'other', config);
    expect((await registry.call(`/v2/private-layers/blobs/${secret}`)).status).toBe(200);
    expect(await errorCode(await registry.call(`/v2/other/blobs/${secret}`))).toBe('404 BLOB_UNKNOWN');
    const stolen = await putManifest(registry, 'other/manifests/v1', manifestOf('secret'));
    expect(await errorCode(stolen)).toBe('404 MANIFEST_BLOB_UNKNOWN');
  });
});

describe('buildpacks/image/registry manifests', () => {
  it('serves a manifest by tag and by digest, with its type, length and digest', async () => {
    const registry = await startRegistry();
    const digest = await pushImage(registry, 'team/app', 'v1');
    for (const reference of ['v1', digest]) {
      for (const method of ['GET', 'HEAD']) {
        const response = await registry.call(`/v2/team/app/manifests/${reference}`, { method });
        expect(response.status).toBe(200);
        expect(response.headers.get('content-type')).toBe(mediaTypes.manifest);
        expect(response.headers.get('docker-content-digest')).toBe(digest);
        expect(response.headers.get('content-length')).toBe(String(manifestOf('layer').length));
        expect(await response.text()).toBe(method === 'GET' ? manifestOf('layer') : '');
      }
    }
  });

  it('gives a manifest only to clients that accept its type', async () => {
    const registry = await startRegistry();
    await pushImage(registry, 'app', 'v1');
    const get = (accept: string) => registry.call('/v2/app/manifests/v1', { headers: { accept } });
    expect((await get(`${mediaTypes.dockerManifest}, ${mediaTypes.manifest};q=0.5`)).status).toBe(200);
    expect((await get('*/*')).status).toBe(200);
    expect(await errorCode(await get(mediaTypes.dockerManifest))).toBe('404 MANIFEST_UNKNOWN');
  });

  it('knows no manifest that was not pushed', async () => {
    const registry = await startRegistry();
    expect(await errorCode(await registry.call('/v2/app/manifests/v1'))).toBe('404 MANIFEST_UNKNOWN');
    expect(await errorCode(await registry.call(`/v2/app/manifests/${sha256('x')}`))).toBe('404 MANIFEST_UNKNOWN');
  });

  it('refuses manifests that are malformed, mislabelled, too large, or name what is not there', async () => {
    const registry = await startRegistry();
    await pushBlob(registry, 'app', config);
    await pushBlob(registry, 'app', 'layer');
    const put = async (body: string, options: { reference?: string; type?: string } = {}) =>
      errorCode(await putManifest(registry, `app/manifests/${options.reference ?? 'v1'}`, body, options.type));
    expect(await put('not json')).toBe('400 MANIFEST_INVALID');
    expect(await put('{"schemaVersion":1}')).toBe('400 MANIFEST_INVALID');
    expect(await put(manifestOf('layer'), { type: mediaTypes.index })).toBe('400 MANIFEST_INVALID');
    expect(await put(manifestOf('missing'))).toBe('404 MANIFEST_BLOB_UNKNOWN');
    expect(await put(manifestOf('layer').replace('"size":5', '"size":6'))).toBe('400 MANIFEST_INVALID');
    expect(await put(manifestOf('layer'), { reference: sha256('other') })).toBe('400 DIGEST_INVALID');
    expect(await put(' '.repeat(4 * 2 ** 20 + 1))).toBe('413 SIZE_INVALID');
    expect(await registry.manifests.list('app')).toEqual([]);
  });

  it('takes an index once its images are there', async () => {
    const registry = await startRegistry();
    const index = (digest: string) =>
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.index,
        manifests: [
          { mediaType: mediaTypes.manifest, digest, size: 1, platform: { architecture: 'amd64', os: 'linux' } },
        ],
      });
    const missing = await putManifest(registry, 'app/manifests/v1', index(sha256('x')), mediaTypes.index);
    expect(await errorCode(missing)).toBe('404 MANIFEST_BLOB_UNKNOWN');
    const digest = await pushImage(registry, 'app', 'amd64');
    expect((await putManifest(registry, 'app/manifests/v1', index(digest), mediaTypes.index)).status).toBe(201);
  });

  it('deletes a tag, or a manifest with its tags', async () => {
    const registry = await startRegistry();
    const digest = await pushImage(registry, 'app', 'v1');
    await putManifest(registry, 'app/manifests/v2', manifestOf('layer'));
    const remove = (reference: string) => registry.call(`/v2/app/manifests/${reference}`, { method: 'DELETE' });
    expect((await remove('v1')).status).toBe(202);
    expect(await errorCode(await remove('v1'))).toBe('404 MANIFEST_UNKNOWN');
    expect((await registry.call(`/v2/app/manifests/${digest}`)).status).toBe(200);
    expect((await remove(digest)).status).toBe(202);
    expect((await registry.call('/v2/app/manifests/v2')).status).toBe(404);
  });

  it('lists tags in order, and in pages', async () => {
    const registry = await startRegistry();
    for (const tag of ['b', 'c', 'a']) await pushImage(registry, 'app', tag);
    const list = async (query: string) => {
      const response = await registry.call(`/v2/app/tags/list${query}`);
      return { body: await response.json(), link: response.headers.get('link') };
    };
    expect(await list('')).toEqual({ body: { name: 'app', tags: ['a', 'b', 'c'] }, link: null });
    const first = await list('?n=2');
    expect(first.body).toEqual({ name: 'app', tags: ['a', 'b'] });
    expect(first.link).toBe('</v2/app/tags/list?n=2&last=b>; rel="next"');
    expect(await list('?n=2&last=b')).toEqual({ body: { name: 'app', tags: ['c'] }, link: null });
    expect(await list('?n=0')).toEqual({ body: { name: 'app', tags: [] }, link: null });
    expect(await errorCode(await registry.call('/v2/none/tags/list'))).toBe('404 NAME_UNKNOWN');
  });
});

describe('buildpacks/image/registry blobs', () => {
  it('serves a blob whole, its head, or a range of it', async () => {
    const registry = await startRegistry();
    const digest = await pushBlob(registry, 'app', '0123456789');
    const get = (init: RequestInit = {}) => registry.call(`/v2/app/blobs/${digest}`, init);
    const whole = await get();
    expect([whole.headers.get('docker-content-digest'), await whole.text()]).toEqual([digest, '0123456789']);
    const head = await get({ method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
    const part = await get({ headers: { range: 'bytes=2-4' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234']);
    const beyond = await get({ headers: { range: 'bytes=10-' } });
    expect(beyond.headers.get('content-range')).toBe('bytes */10');
    expect(await errorCode(beyond)).toBe('416 RANGE_INVALID');
    expect(await errorCode(await registry.call(`/v2/app/blobs/${sha256('x')}`))).toBe('404 BLOB_UNKNOWN');
    expect(await errorCode(await get({ method: 'DELETE' }))).toBe('405 UNSUPPORTED');
  });

  const start = async (registry: TestRegistry, repository = 'app') => {
    const response = await registry.call(`/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    expect(response.status).toBe(202);
    return response.headers.get('location') ?? '';
  };

  it('takes a blob by POST and PUT', async () => {
    const registry = await startRegistry();
    const location = await start(registry);
    const response = await registry.call(`${location}?digest=${sha256('blob')}`, { method: 'PUT', body: 'blob' });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/v2/app/blobs/${sha256('blob')}`);
    expect(await (await registry.call(response.headers.get('location') ?? '')).text()).toBe('blob');
    expect(await errorCode(await registry.call(location))).toBe('404 BLOB_UPLOAD_UNKNOWN');
  });

  it('takes a blob in pieces, tells how far it is, and refuses a piece out of order', async () => {
    const registry = await startRegistry();
    const location = await start(registry);
    const patch = (body: string, range: string) =>
      registry.call(location, { method: 'PATCH', body, headers: { 'content-range': range } });
    const first = await patch('0123', '0-3');
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-3']);
    const early = await patch('89', '8-9');
    expect([early.headers.get('range'), early.headers.get('location')]).toEqual(['0-3', location]);
    expect(await errorCode(early)).toBe('416 RANGE_INVALID');
    const status = await registry.call(location);
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-3']);
    await patch('4567', '4-7');
    const finished = await registry.call(`${location}?digest=${sha256('0123456789')}`, {
      method: 'PUT',
      body: '89',
      headers: { 'content-range': '8-9' },
    });
    expect(finished.status).toBe(201);
  });

  it('keeps what came before a lost connection, so that the client goes on from there', async () => {
    const registry = await startRegistry();
    const location = await start(registry);
    const [host = '', port = ''] = registry.host.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    const head = `PATCH ${location} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 100\r\n\r\n`;
    socket.write(`${head}half`);
    await expect.poll(async () => (await registry.call(location)).headers.get('range')).toBe('0-3');
    socket.destroy();
    await expect
      .poll(async () => (await registry.call(location, { method: 'PATCH', body: ' and half' })).status)
      .toBe(202);
    const digest = sha256('half and half');
    expect((await registry.call(`${location}?digest=${digest}`, { method: 'PUT' })).status).toBe(201);
  });

  it('refuses content that is not what its digest says, and keeps none of it', async () => {
    const registry = await startRegistry();
    const location = await start(registry);
    const wrong = await registry.call(`${location}?digest=${sha256('other')}`, { method: 'PUT', body: 'blob' });
    expect(await errorCode(wrong)).toBe('400 DIGEST_INVALID');
    const single = `/v2/app/blobs/uploads/?digest=${sha256('other')}`;
    expect(await errorCode(await registry.call(single, { method: 'POST', body: 'blob' }))).toBe('400 DIGEST_INVALID');
    expect(await Array.fromAsync(registry.blobs.list())).toEqual([]);
    expect(await readdir(join(registry.root, 'uploads'))).toEqual([]);
    expect(await errorCode(await registry.call(`${await start(registry)}?digest=md5:1`, { method: 'PUT' }))).toBe(
      '400 DIGEST_INVALID',
    );
  });

  it('shows an upload to its own repository alone, and drops it when told to', async () => {
    const registry = await startRegistry();
    const location = await start(registry);
    const elsewhere = location.replace('/app/', '/other/');
    expect(await errorCode(await registry.call(elsewhere))).toBe('404 BLOB_UPLOAD_UNKNOWN');
    expect((await registry.call(location, { method: 'DELETE' })).status).toBe(204);
    expect(await errorCode(await registry.call(location))).toBe('404 BLOB_UPLOAD_UNKNOWN');
    expect(await readdir(join(registry.root, 'uploads'))).toEqual([]);
  });

  it('mounts a blob from a repository that one may pull from, and else starts an upload', async () => {
    const registry = await startRegistry();
    const digest = await pushBlob(registry, 'from', 'shared');
    const mount = (from: string) =>
      registry.call(`/v2/to/blobs/uploads/?mount=${digest}&from=${from}`, { method: 'POST' });
    expect((await mount('elsewhere')).status).toBe(202);
    expect((await mount('private/app')).status).toBe(202);
    expect((await mount('../from')).status).toBe(202);
    expect((await mount('from')).status).toBe(201);
    expect((await registry.call(`/v2/to/blobs/${digest}`)).status).toBe(200);
  });

  it('starts by removing the uploads that a stopped one left', async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, 'uploads'));
    await writeFile(join(root, 'uploads', 'left'), 'half a blob');
    await startRegistry({ root });
    await expect(readdir(join(root, 'uploads'))).rejects.toThrow('ENOENT');
  });

  it('refuses names, digests and paths that the specification does not know', async () => {
    const registry = await startRegistry();
    expect(await errorCode(await registry.call('/v2/UPPER/tags/list'))).toBe('400 NAME_INVALID');
    expect(await errorCode(await registry.call('/v2/..%2f..%2fetc/tags/list'))).toBe('400 NAME_INVALID');
    expect(await errorCode(await registry.call('/v2/app/blobs/sha256:x'))).toBe('400 DIGEST_INVALID');
    expect(await errorCode(await registry.call('/v2/app/nothing'))).toBe('404 NAME_UNKNOWN');
    expect(await errorCode(await registry.call('/v2/app/tags/list', { method: 'POST' }))).toBe('405 UNSUPPORTED');
    expect(registry.lines).toEqual([]);
  });
});
