import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../../server/api/authenticate.ts';
import { listRoutes } from '../../../server/api/create-api.ts';
import type { ApiDeps } from '../../../server/api/deps.ts';
import type { Route } from '../../../server/api/route.ts';
import { basic, startTestApi, type TestApi } from './harness.ts';

/** The table alone: no handler of it runs. */
const unused = { baseUrl: 'http://localhost', version: '' } as ApiDeps;
const routes = listRoutes(unused, () => Promise.reject(new Error('not called')));
const signInRoutes = new Set(['post /oauth/authorizations', 'post /dashboard/session']);
const named = (route: Route) => `${route.method} ${route.path}`;

describe('server/api: who may do what', () => {
  let api: TestApi;
  const parts: Record<string, string> = {};

  beforeAll(async () => {
    api = await startTestApi();
    const app = await api.newApp();
    const release = await api.newRelease(app);
    const build = await api.newBuild(app);
    const { token } = await api.stores.users.createToken({
      userId: api.owner.user.id,
      description: 'a target',
      expiresInS: undefined,
    });
    Object.assign(parts, {
      app: app.name,
      release: String(release.version),
      build: build.id,
      dyno: 'web.1',
      type: 'web',
      formation: 'web',
      authorization: token.id,
      session: token.id,
      user: api.owner.user.email,
      id: app.id,
    });
  });
  afterAll(() => api.close());

  const pathOf = (route: Route) => route.path.replace(/:(\w+)/g, (_, name: string) => parts[name] ?? 'x');
  const ask = async (route: Route, token: string | undefined) => {
    const path = pathOf(route);
    const answer = await fetch(api.baseUrl + path, {
      method: route.method.toUpperCase(),
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    });
    return { status: answer.status, body: await answer.json() };
  };
  const closed = routes.filter((route) => route.access !== 'open');
  const ofApp = routes.filter((route) => route.access === 'app');

  it('has no open route but sign-in and signed streams', () => {
    const open = routes.filter((route) => route.access === 'open').map(named);
    expect(open.filter((name) => !signInRoutes.has(name))).toEqual([
      'get /streams/builds/:build',
      'get /streams/logs/:id',
    ]);
  });

  it('has every path below an app in the hands of authorize', () => {
    expect(routes.filter((route) => route.path.startsWith('/apps/:app') && route.access !== 'app').map(named)).toEqual(
      [],
    );
  });

  it.each(closed.map((route) => [named(route), route] as const))(
    '%s refuses without a token, and with a wrong one',
    async (_, route) => {
      for (const token of [undefined, 'undefined', 'swp_wrong']) {
        expect(await ask(route, token)).toMatchObject({ status: 401, body: { id: 'unauthorized' } });
      }
    },
  );

  it.each(ofApp.map((route) => [named(route), route] as const))(
    '%s does not exist for another user',
    async (_, route) => {
      expect(await ask(route, api.stranger.secret)).toEqual({
        status: 404,
        body: { id: 'not_found', message: "Couldn't find that app.", resource: 'app' },
      });
    },
  );

  it.each([
    'get /users/:user',
    'get /users/:user/apps',
    'get /oauth/authorizations/:authorization',
    'delete /oauth/authorizations/:authorization',
    'delete /oauth/sessions/:session',
  ])('%s does not exist for another user', async (name) => {
    const route = routes.find((one) => named(one) === name);
    if (!route) throw new Error('no such route');
    expect((await ask(route, api.stranger.secret)).status).toBe(404);
  });

  it.each(routes.filter((route) => route.access === 'open').map((route) => [named(route), route] as const))(
    '%s is closed to those who have no password and no signed URL',
    async (_, route) => {
      expect([401, 403, 422]).toContain((await ask(route, undefined)).status);
    },
  );

  it.each(
    closed
      .filter((route) => route.method === 'get' && !route.path.includes(':session'))
      .map((route) => [named(route), route] as const),
  )('%s answers its owner', async (_, route) => {
    expect((await ask(route, api.owner.secret)).status).toBe(200);
  });

  it('lists to a user the own apps alone', async () => {
    expect((await api.send('GET', '/apps', { token: api.stranger.secret })).body).toEqual([]);
  });

  it.each([
    ['Bearer', () => `Bearer ${api.owner.secret}`],
    ['bearer, lower case', () => `bearer ${api.owner.secret}`],
    ['Basic with any name', () => basic('heroku', api.owner.secret)],
    ['Basic without a name', () => basic('', api.owner.secret)],
  ])('takes a token as %s', async (_, header) => {
    const headers = { Authorization: header() };
    expect((await api.send('GET', '/account', { token: undefined, headers })).body).toMatchObject({
      email: 'owner@example.com',
    });
  });

  it('takes no password anywhere but where tokens are made', async () => {
    const headers = { Authorization: basic(api.owner.user.email, api.password) };
    expect((await api.send('GET', '/account', { token: undefined, headers })).status).toBe(401);
  });

  it('tells git who asks', async () => {
    const authenticate = createAuthenticator(api.stores);
    const request = (authorization?: string) => ({ headers: { authorization } }) as Parameters<typeof authenticate>[0];
    expect(await authenticate(request(basic('x', api.owner.secret)))).toEqual(api.owner.user);
    expect(await authenticate(request(basic('x', 'wrong')))).toBeUndefined();
    expect(await authenticate(request('Digest abc'))).toBeUndefined();
    expect(await authenticate(request())).toBeUndefined();
  });
});
