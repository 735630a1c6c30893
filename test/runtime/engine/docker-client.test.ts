import { once } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chooseApiVersion } from '../../../runtime/engine/api-version.ts';
import { createDockerClient, type DockerRequest } from '../../../runtime/engine/docker-client.ts';
import { parseDockerHost } from '../../../runtime/engine/docker-host.ts';

describe('chooseApiVersion', () => {
  it('takes the newest that both speak', () => {
    expect(chooseApiVersion('1.41')).toBe('1.41');
    expect(chooseApiVersion('1.44')).toBe('1.44');
    expect(chooseApiVersion('1.52')).toBe('1.47');
  });

  it('says what to install when the engine is too old', () => {
    for (const offered of ['1.40', '1.9', 'x', undefined]) {
      expect(() => chooseApiVersion(offered)).toThrow('Install Docker 20.10 or later');
    }
  });
});

describe('parseDockerHost', () => {
  it('reads sockets and addresses', () => {
    expect(parseDockerHost('unix:///run/my%20docker.sock')).toEqual({
      kind: 'unix',
      socketPath: '/run/my docker.sock',
    });
    expect(parseDockerHost('tcp://engine')).toEqual({ kind: 'tcp', host: 'engine', port: 2375 });
    expect(parseDockerHost('tcp://[::1]:99')).toEqual({ kind: 'tcp', host: '::1', port: 99 });
  });

  it('refuses the rest, saying what to give', () => {
    for (const text of ['', 'docker', 'unix://', 'ssh://user@engine', 'tcp://']) {
      expect(() => parseDockerHost(text)).toThrow('Give unix:///path');
    }
  });
});

describe('createDockerClient', () => {
  const servers: http.Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  /** An engine that answers one path as it is told. */
  async function engineThat(answer: http.RequestListener) {
    const server = http.createServer((request, response) => {
      if (request.url === '/_ping') response.setHeader('api-version', '1.43').end('OK');
      else answer(request, response);
    });
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const address = server.address();
    return createDockerClient(`tcp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
  }
  const request: DockerRequest = { action: 'look', method: 'GET', path: '/thing' };

  it('asks for the version once and puts it before the path', async () => {
    const client = await engineThat((incoming, response) => response.end(JSON.stringify({ url: incoming.url })));
    const seen = z.object({ url: z.string() });
    expect(await client.json(seen, { ...request, query: { a: 'b c' } })).toEqual({ url: '/v1.43/thing?a=b+c' });
  });

  it('turns refusals into errors that say what was being done', async () => {
    const client = await engineThat((_, response) => response.writeHead(404).end('{"message":"No such thing"}'));
    await expect(client.call(request)).rejects.toMatchObject({
      code: 'not_found',
      message: 'Cannot look: the engine says: No such thing',
    });
  });

  it('survives answers that are not JSON', async () => {
    const client = await engineThat((_, response) => response.writeHead(502).end('<html>'));
    await expect(client.call(request)).rejects.toMatchObject({ code: 'internal' });
  });

  it('says what to check when nobody listens', async () => {
    await expect(createDockerClient('unix:///nowhere.sock').call(request)).rejects.toMatchObject({
      code: 'engine_unavailable',
      message: expect.stringContaining('set DOCKER_HOST'),
    });
  });

  it('fails as unavailable when an answer breaks off, before its head or after', async () => {
    const silent = await engineThat((_, response) => response.destroy());
    await expect(silent.call(request)).rejects.toMatchObject({ code: 'engine_unavailable' });
    const broken = await engineThat((_, response) => {
      response.write('{}\n');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(broken.call(request)).rejects.toMatchObject({ code: 'engine_unavailable' });
    await expect(Array.fromAsync(broken.jsonLines(z.unknown(), request))).rejects.toMatchObject({
      code: 'engine_unavailable',
    });
  });

  it('gives up on an engine that does not answer', async () => {
    const client = await engineThat(() => undefined);
    await expect(client.call({ ...request, timeoutMs: 50 })).rejects.toMatchObject({ code: 'engine_unavailable' });
  });

  it('tells a tar that broke off from an engine that did', async () => {
    const client = await engineThat((incoming) => incoming.resume());
    const tar = Readable.from(
      (async function* () {
        yield Buffer.from('some');
        throw new Error('repository is gone');
      })(),
    );
    await expect(client.call({ ...request, method: 'PUT', tar })).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('repository is gone'),
    });
  });
});
