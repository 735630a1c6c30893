import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { dynos, logs, releases, scale } from './app-state.ts';
import { startLoad } from './load.ts';
import { createRepository, type Repository, sampleApp, testApp } from './repository.ts';
import { ask, askUntil } from './requests.ts';

let platform: TestPlatform;
let echo: Repository;
beforeAll(async () => {
  platform = await startPlatform({ env: { SHIPWAY_STOP_GRACE_S: '3' } });
  echo = await createRepository(platform, 'echo', testApp('echo'));
  const push = await echo.push();
  if (push.exitCode !== 0) throw new Error(push.stderr);
}, 300_000);
afterAll(() => platform?.down());

const environment = async () => JSON.parse((await ask(platform, 'echo', { path: '/env' })).body);
const live = (version: number) =>
  eventually(
    () => releases(platform, 'echo'),
    (seen) => seen.some((one) => one.version === version && one.status === 'succeeded'),
  );

describe('config vars and rollback', () => {
  it('makes one release of several vars and restarts without a failed request', async () => {
    const load = startLoad(platform, 'echo', { clients: 6 });
    const set = await platform.api('PATCH', '/apps/echo/config-vars', { GREETING: 'hi', EMPTY: '' });
    expect(set).toMatchObject({ status: 200, body: { GREETING: 'hi', EMPTY: '' } });
    await live(2);
    expect(await load.stop()).toMatchObject({ failures: [] });
    expect(await environment()).toMatchObject({
      GREETING: 'hi',
      EMPTY: '',
      PORT: '5000',
      DYNO: 'web.1',
      HOME: '/app',
      HEROKU_APP_NAME: 'echo',
      HEROKU_RELEASE_VERSION: 'v2',
    });
    expect((await releases(platform, 'echo')).map(({ description }) => description)).toEqual([
      expect.stringMatching(/^Deploy [0-9a-f]{7}$/),
      'Set GREETING, EMPTY config vars',
    ]);
    expect((await platform.api('PATCH', '/apps/echo/config-vars', { GREETING: 'hi' })).status).toBe(200);
    expect(await releases(platform, 'echo')).toHaveLength(2);
  });

  it('goes back to an older release’s image and config vars', async () => {
    await echo.commit({ 'version.json': '"2"' });
    expect((await echo.push()).stderr).toContain('Released v3');
    await platform.api('PATCH', '/apps/echo/config-vars', { GREETING: 'good day' });
    await live(4);
    expect(await platform.api('POST', '/apps/echo/releases', { release: '2' })).toMatchObject({
      status: 201,
      body: { version: 5, description: 'Rollback to v2' },
    });
    await live(5);
    expect((await ask(platform, 'echo')).body).toBe('echo 1\n');
    expect(await environment()).toMatchObject({ GREETING: 'hi', HEROKU_RELEASE_VERSION: 'v5' });
    expect((await platform.api('GET', '/apps/echo/config-vars')).body).toEqual({ GREETING: 'hi', EMPTY: '' });
  });
});

describe('what the router says when no process can answer', () => {
  const code = (name: string) => ({ body: expect.stringContaining(name) });

  it('H14 at scale 0; it serves again at 1', async () => {
    await scale(platform, 'echo', { web: 0 });
    expect(await askUntil(platform, 'echo', ({ status }) => status === 503)).toMatchObject(code('H14'));
    await eventually(
      () => dynos(platform, 'echo'),
      (seen) => seen.length === 0,
    );
    await scale(platform, 'echo', { web: 1 });
    expect(await askUntil(platform, 'echo', ({ status }) => status === 200)).toMatchObject({ body: 'echo 1\n' });
  });

  it('H80 in maintenance', async () => {
    await platform.api('PATCH', '/apps/echo', { maintenance: true });
    expect(await askUntil(platform, 'echo', ({ status }) => status === 503)).toMatchObject(code('H80'));
    await platform.api('PATCH', '/apps/echo', { maintenance: false });
    await askUntil(platform, 'echo', ({ status }) => status === 200);
  });

  it('404 for a host of nobody, H81 for an app without a release', async () => {
    expect((await ask(platform, 'nobody')).status).toBe(404);
    await platform.api('POST', '/apps', { name: 'blank' });
    expect(await askUntil(platform, 'blank', ({ status }) => status === 502)).toMatchObject(code('H81'));
    expect((await platform.api('DELETE', '/apps/blank')).status).toBe(200);
    expect((await askUntil(platform, 'blank', ({ status }) => status === 404)).status).toBe(404);
  });

  it('H10 while a process that crashed again waits to come back', async () => {
    // The first time it comes back at once, then after 1 s, then after 2 s.
    for (const _ of ['first', 'second', 'third']) {
      await askUntil(platform, 'echo', ({ status }) => status === 200);
      // H21: a request on a kept connection may be sent again (RFC 9110 section 9.2.2), and nobody listens any more.
      expect(await ask(platform, 'echo', { path: '/crash' })).toMatchObject({
        status: 503,
        body: expect.stringMatching(/H13|H21/),
      });
    }
    await eventually(
      () => dynos(platform, 'echo'),
      ([dyno]) => dyno?.state === 'crashed',
    );
    expect(await ask(platform, 'echo')).toMatchObject({ status: 503, ...code('H10') });
    await expect(logs(platform, 'echo', { source: 'heroku' })).resolves.toMatch(
      /heroku\[web\.1\]: Process exited with status 3\n.*State changed from up to crashed/,
    );
    expect((await platform.api('DELETE', '/apps/echo/dynos')).status).toBe(202);
    await askUntil(platform, 'echo', ({ status }) => status === 200);
  });
});

describe('bytes through the router', () => {
  it('passes an upgraded connection in both directions', async () => {
    const sent = request({
      host: '127.0.0.1',
      port: platform.port,
      headers: {
        host: `echo.localhost:${platform.port}`,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
      },
    });
    sent.end();
    sent.on('response', ({ statusCode }) => sent.destroy(new Error(`answered with ${statusCode}`)));
    const [response, socket] = await once(sent, 'upgrade');
    expect(response.statusCode).toBe(101);
    // RFC 6455 section 1.3: the accept value for that key.
    expect(response.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    for (const text of ['first', 'second', 'x'.repeat(100_000)]) {
      socket.write(text);
      let echoed = '';
      while (echoed.length < text.length) echoed += (await once(socket, 'data')).toString();
      expect(echoed).toBe(text);
    }
    socket.destroy();
  });

  it('uploads in chunks', async () => {
    const parts = Array.from({ length: 50 }, () => randomBytes(20_000).toString('hex'));
    const answer = await ask(platform, 'echo', { path: '/upload', method: 'POST', parts });
    const digest = createHash('sha256').update(parts.join('')).digest('hex');
    expect(JSON.parse(answer.body)).toEqual({ bytes: 2_000_000, digest, encoding: 'chunked' });
  });

  it('downloads in chunks', async () => {
    const answer = await ask(platform, 'echo', { path: '/download' });
    expect(answer.headers['transfer-encoding']).toBe('chunked');
    expect(answer.body).toHaveLength(
      Array.from({ length: 20 }, (_, part) => `part ${part} \n`.length + 50_000).reduce((a, b) => a + b, 8),
    );
    expect(answer.body.endsWith('the end\n')).toBe(true);
  });
});

describe('an app with a Procfile', () => {
  it('serves its web process, and starts its worker when it is scaled to 1', async () => {
    const app = await createRepository(platform, 'procfile', sampleApp('nodejs-procfile'));
    const push = await app.push();
    expect(push.exitCode, push.stderr).toBe(0);
    expect((await ask(platform, 'procfile')).body).toBe('hello from the Procfile\n');
    expect((await dynos(platform, 'procfile')).map(({ name }) => name)).toEqual(['web.1']);
    expect((await scale(platform, 'procfile', { worker: 1 })).status).toBe(200);
    await eventually(
      () => logs(platform, 'procfile', { dyno: 'worker.1' }),
      (seen) => seen.includes('app[worker.1]: working'),
    );
    expect(await dynos(platform, 'procfile')).toMatchObject([
      { name: 'web.1', state: 'up' },
      { name: 'worker.1', state: 'up' },
    ]);
    expect((await platform.api('DELETE', '/apps/procfile')).status).toBe(200);
  });
});
