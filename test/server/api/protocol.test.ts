import { once } from 'node:events';
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from './harness.ts';

describe('server/api: protocol', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  it.each([
    'application/vnd.heroku+json; version=3',
    'application/vnd.heroku+json; version=3.sdk',
    'application/vnd.heroku+json;version=3.pipelines',
    'application/json, text/plain, */*',
    '*/*',
    '',
  ])('answers Accept: %s with JSON', async (accept) => {
    const answer = await api.send('GET', '/account', { headers: { Accept: accept } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it.each(['application/vnd.heroku+json; version=2', 'application/vnd.heroku+json; version=30', 'image/png'])(
    'refuses Accept: %s',
    async (accept) => {
      const answer = await api.send('GET', '/account', { headers: { Accept: accept } });
      expect(answer).toMatchObject({ status: 400, body: { id: 'bad_request' } });
    },
  );

  it('names each request, after the router if that did', async () => {
    const one = await api.send('GET', '/account');
    expect(one.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const given = 'from-the-router-0123456789';
    const two = await api.send('GET', '/account', { headers: { 'X-Request-Id': given } });
    expect(two.headers.get('request-id')).toBe(given);
    const three = await api.send('GET', '/account', { headers: { 'X-Request-Id': 'no good' } });
    expect(three.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(three.headers.get('ratelimit-remaining'))).toBeGreaterThan(0);
  });

  /** Not by fetch, which makes of it a request that wants no cached answer. */
  const askAgain = async (path: string, etag: string) => {
    const headers = { Authorization: `Bearer ${api.owner.secret}`, 'If-None-Match': etag };
    const [answer] = await once(get(api.baseUrl + path, { headers }), 'response');
    answer.resume();
    return answer.statusCode;
  };

  it('answers 304 to those who have the newest already', async () => {
    const app = await api.newApp();
    await api.newBuild(app);
    for (const path of ['/account', `/apps/${app.name}`, `/apps/${app.name}/builds`]) {
      const etag = (await api.send('GET', path)).headers.get('etag') ?? '';
      expect(etag).not.toBe('');
      expect(await askAgain(path, etag)).toBe(304);
    }
  });

  it('takes JSON alone, and says so', async () => {
    const send = (type: string, body: string) =>
      fetch(`${api.baseUrl}/apps`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${api.owner.secret}`, 'Content-Type': type },
        body,
      });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      expect((await send(type, '{"name":"by-form"}')).status).toBe(400);
    }
    const broken = await send('application/json', '{"name":');
    expect({ status: broken.status, body: await broken.json() }).toEqual({
      status: 400,
      body: { id: 'bad_request', message: 'Body is not JSON.' },
    });
    const large = await send('application/json', JSON.stringify({ name: 'x'.repeat(2 ** 20) }));
    expect({ status: large.status, body: await large.json() }).toMatchObject({
      status: 413,
      body: { id: 'too_large' },
    });
    expect(await api.stores.apps.find('by-form')).toBeUndefined();
  });

  it.each(['/no-such-thing', '/apps/x/y/z', '/Account', '/apps/%E0%A4%A'])(
    'answers %s with an error in JSON',
    async (path) => {
      const answer = await api.send('GET', path);
      expect([400, 404]).toContain(answer.status);
      expect(answer.body).toMatchObject({ id: expect.any(String), message: expect.any(String) });
    },
  );

  it('logs nothing for the errors of users', async () => {
    api.logged.length = 0;
    await api.send('POST', '/apps', { body: { name: 5 } });
    await api.send('GET', '/account', { token: 'swp_secret' });
    expect(api.logged).toEqual([]);
  });
});
