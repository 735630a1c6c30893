import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSignInLimit } from '../../../server/api/sign-in-limit.ts';
import { basic, startTestApi, type TestApi } from './harness.ts';

describe('server/api: sign-in', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const email = 'owner@example.com';
  /** Each test comes from an address of its own, as the router tells it. */
  const signIn = (body: unknown, address: string, headers: Readonly<Record<string, string>> = {}) =>
    api.send('POST', '/dashboard/session', {
      token: undefined,
      body,
      headers: { 'X-Forwarded-For': `6.6.6.6, ${address}`, ...headers },
    });
  const openSession = async (address: string) => {
    const answer = await signIn({ email, password: api.password }, address);
    const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
    return { answer, cookie };
  };

  it('opens a session by password or by token, in a cookie that scripts and other sites do not get', async () => {
    const { answer } = await openSession('10.0.0.1');
    expect(answer).toMatchObject({ status: 201, body: { user: { email } } });
    expect(answer.headers.get('set-cookie')).toMatch(
      /^shipway_session=swp_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000$/,
    );
    expect((await signIn({ token: api.owner.secret }, '10.0.0.1')).status).toBe(201);
    expect((await signIn({ token: 'swp_wrong' }, '10.0.0.1')).status).toBe(401);
    expect((await signIn({ email, password: 'wrong' }, '10.0.0.1')).status).toBe(401);
    expect((await signIn({ email }, '10.0.0.1')).status).toBe(422);
  });

  it('reads with the cookie, and changes things with the header that forms cannot send', async () => {
    const { cookie } = await openSession('10.0.0.2');
    const ask = (method: string, path: string, headers: Readonly<Record<string, string>>) =>
      api.send(method, path, { token: undefined, headers: { Cookie: cookie, ...headers } });
    const dashboard = { 'X-Requested-With': 'shipway-dashboard' };
    expect((await ask('GET', '/account', {})).body).toMatchObject({ email });
    expect((await ask('POST', '/apps', {})).body).toMatchObject({ id: 'forbidden' });
    expect((await ask('POST', '/apps', { ...dashboard, 'Sec-Fetch-Site': 'same-site' })).status).toBe(403);
    expect((await ask('POST', '/apps', { ...dashboard, 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await ask('POST', '/apps', { ...dashboard, Origin: 'http://evil.127.0.0.1' })).status).toBe(403);
    expect((await ask('POST', '/apps', { ...dashboard, Origin: 'null' })).status).toBe(403);
    expect((await ask('GET', '/account', { 'Sec-Fetch-Site': 'same-site' })).status).toBe(403);
    const own = { ...dashboard, 'Sec-Fetch-Site': 'same-origin', Origin: api.baseUrl };
    expect((await ask('POST', '/apps', own)).status).toBe(201);
    // The session's secret is a cookie's alone, and a token's never one.
    const secret = cookie.split('=')[1];
    expect((await api.send('GET', '/account', { token: secret })).status).toBe(401);
    expect((await ask('GET', '/account', { Cookie: `shipway_session=${api.owner.secret}` })).status).toBe(401);
    expect((await ask('GET', '/oauth/sessions', {})).body).toContainEqual(
      expect.objectContaining({ description: 'Dashboard' }),
    );
    const out = await ask('DELETE', '/dashboard/session', own);
    expect(out.status).toBe(200);
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await ask('GET', '/account', {})).status).toBe(401);
  });

  it('refuses a sign-in from another origin', async () => {
    const body = { email, password: api.password };
    expect((await signIn(body, '10.0.0.3', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await signIn(body, '10.0.0.3', { Origin: 'http://app.localhost' })).status).toBe(403);
  });

  it('gives a token for email and password, as `heroku login -i` asks', async () => {
    const headers = { Authorization: basic(email, api.password), 'X-Forwarded-For': '10.0.0.4' };
    const body = { scope: ['global'], description: 'Heroku CLI login', expires_in: 2_592_000 };
    const made = await api.send('POST', '/oauth/authorizations', { token: undefined, headers, body });
    expect(made).toMatchObject({ status: 201, body: { user: { email } } });
    const wrong = { ...headers, Authorization: basic(email, 'wrong') };
    expect((await api.send('POST', '/oauth/authorizations', { token: undefined, headers: wrong, body })).status).toBe(
      401,
    );
  });

  it('stops guessing at one email from many addresses, and at many emails from one address', async () => {
    const guess = (name: string, address: string) => signIn({ email: name, password: 'guess' }, address);
    const byEmail = await Promise.all(
      Array.from({ length: 11 }, (_, index) => guess('a@example.com', `10.1.0.${index}`)),
    );
    expect(byEmail.map(({ status }) => status).sort()).toEqual([...Array(10).fill(401), 429]);
    const refused = byEmail.find(({ status }) => status === 429);
    expect(refused?.headers.get('retry-after')).toBe('900');
    expect(refused?.body).toMatchObject({ id: 'rate_limit' });
    expect((await guess('b@example.com', '10.1.0.1')).status).toBe(401);
    const tokens = await Promise.all(
      Array.from({ length: 31 }, (_, index) => signIn({ token: `swp_${index}` }, '10.2.0.1')),
    );
    expect(tokens.filter(({ status }) => status === 429)).toHaveLength(1);
    expect((await signIn({ token: api.owner.secret }, '10.2.0.1')).status).toBe(429);
    expect((await signIn({ token: api.owner.secret }, '10.2.0.2')).status).toBe(201);
  });
});

describe('server/api/sign-in-limit', () => {
  it('forgets after its window, and after a success', () => {
    const clock = { now: new Date(0) };
    const limit = createSignInLimit({ clock: () => clock.now });
    const attempt = { address: '10.0.0.1', email: 'A@example.com' };
    for (let count = 0; count < 10; count += 1) expect(limit.begin(attempt)).toBeUndefined();
    expect(limit.begin({ ...attempt, email: 'a@EXAMPLE.com' })).toBe(900);
    clock.now = new Date(899_500);
    expect(limit.begin(attempt)).toBe(1);
    clock.now = new Date(900_000);
    expect(limit.begin(attempt)).toBeUndefined();
    limit.succeeded(attempt);
    for (let count = 0; count < 10; count += 1) expect(limit.begin(attempt)).toBeUndefined();
  });

  it('keeps a bounded list', () => {
    const limit = createSignInLimit({ clock: () => new Date(0) });
    const target = { address: 'x', email: 'a@example.com' };
    for (let count = 0; count < 10; count += 1) limit.begin({ ...target, address: `${count}` });
    expect(limit.begin(target)).toBe(900);
    for (let count = 0; count < 10_001; count += 1) limit.begin({ address: `other ${count}`, email: undefined });
    expect(limit.begin(target)).toBeUndefined();
  });
});
