import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { App } from '../../../server/domain/app.ts';
import { startTestApi, type TestApi } from './harness.ts';
import { schemaProblems } from './schema.ts';

describe('server/api: resources', () => {
  let api: TestApi;
  let app: App;

  beforeAll(async () => {
    api = await startTestApi();
  });
  beforeEach(async () => {
    app = await api.newApp();
  });
  afterAll(() => api.close());

  it('account: is the user of the token', async () => {
    const { status, body } = await api.send('GET', '/account');
    expect(status).toBe(200);
    expect(schemaProblems('account', body)).toEqual([]);
    expect((await api.send('GET', '/users/~')).body).toEqual(body);
    expect((await api.send('GET', '/account/rate-limits')).body).toMatchObject({ remaining: expect.any(Number) });
  });

  it('apps: are made, found by name and id, renamed, and destroyed', async () => {
    const made = await api.send('POST', '/apps', { body: { name: 'made-here', region: 'local', stack: null } });
    expect(made.status).toBe(201);
    expect(schemaProblems('app', made.body)).toEqual([]);
    expect(made.body).toMatchObject({
      name: 'made-here',
      owner: { email: 'owner@example.com' },
      web_url: 'http://made-here.localhost:8080/',
      git_url: 'http://localhost:8080/made-here.git',
      released_at: null,
      created_at: '2026-11-23T10:00:00Z',
    });
    expect((await api.send('GET', `/apps/${made.body.id}`)).body).toEqual(
      (await api.send('GET', '/apps/made-here')).body,
    );
    const changed = await api.send('PATCH', '/apps/made-here', { body: { name: 'renamed', maintenance: true } });
    expect(changed.body).toMatchObject({ name: 'renamed', maintenance: true });
    expect((await api.send('DELETE', '/apps/renamed')).body).toMatchObject({ name: 'renamed' });
    expect((await api.send('GET', '/apps/renamed')).status).toBe(404);
  });

  it('apps: lists the own ones, alike at both paths', async () => {
    const { body } = await api.send('GET', '/users/~/apps');
    expect(body).toContainEqual(expect.objectContaining({ name: app.name }));
    expect((await api.send('GET', '/apps')).body).toEqual(body);
  });

  it('apps: get a name when none is given', async () => {
    expect((await api.send('POST', '/apps', { body: {} })).body).toMatchObject({ name: 'a-random-name' });
  });

  it.each([
    ['POST', '/apps', { name: 5 }, 'name: must be text'],
    ['POST', '/apps', { region: 'eu' }, 'region: is not offered here. The only region is local'],
    ['POST', '/apps', { stack: 'container' }, 'stack: is not offered here. The only stack is debian-12'],
    ['POST', '/apps', [], 'Body: '],
    ['PATCH', '/apps/:app', { maintenance: 'yes' }, 'maintenance: must be true or false'],
    ['PATCH', '/apps/:app/config-vars', { A: 1 }, 'A: must be text, or null to unset it'],
    ['PATCH', '/apps/:app/config-vars', { 'A-B': 'x' }, 'A-B: '],
    ['PATCH', '/apps/:app/config-vars', { A: 'a\0' }, 'A: must not hold a NUL character'],
    ['PATCH', '/apps/:app/config-vars', { A: 'x'.repeat(65_537) }, 'A: is larger than 64 KiB'],
    ['PATCH', '/apps/:app/config-vars', ['x'], 'must be an object of config vars'],
    ['PATCH', '/apps/:app/config-vars', JSON.parse('{"__proto__": "x"}'), '__proto__: Name is not allowed'],
    ['PATCH', '/apps/:app/formation', {}, 'updates: must be a list'],
    ['PATCH', '/apps/:app/formation', { updates: [{ quantity: 1 }] }, 'updates.0.type: must be a process type'],
    ['PATCH', '/apps/:app/formation', { updates: [{ type: 'web' }] }, 'quantity: web needs a quantity or a size'],
    ['PATCH', '/apps/:app/formation', { updates: [{ type: 'web', quantity: 'many' }] }, 'updates.0.quantity: must be'],
    ['POST', '/apps/:app/releases', {}, 'release: is missing'],
    ['POST', '/apps/:app/releases', { slug: 'x' }, 'slug: releases are made by git push'],
    ['POST', '/apps/:app/builds', { source_blob: {} }, 'source_blob: '],
    ['POST', '/apps/:app/dynos', { command: 'bash' }, 'Cannot run a one-off instance'],
    ['POST', '/apps/:app/log-sessions', { lines: 'all' }, 'lines: must be a number'],
    ['POST', '/oauth/authorizations', { expires_in: 'soon' }, 'expires_in: must be a number of seconds'],
  ])('%s %s %j is refused with the field', async (method, path, body, message) => {
    const answer = await api.send(method, path.replace(':app', app.name), { body });
    expect(answer).toMatchObject({
      status: 422,
      body: { id: 'invalid_params', message: expect.stringContaining(message) },
    });
  });

  it('config vars: are set and unset, and kept by release', async () => {
    const path = `/apps/${app.name}/config-vars`;
    expect((await api.send('PATCH', path, { body: { A: '1', B: 'x y' } })).body).toEqual({ A: '1', B: 'x y' });
    expect((await api.send('PATCH', path, { body: { A: null } })).body).toEqual({ B: 'x y' });
    expect((await api.send('GET', path)).body).toEqual({ B: 'x y' });
    expect((await api.send('GET', `/apps/${app.name}/releases/1/config-vars`)).body).toEqual({ A: '1', B: 'x y' });
    expect((await api.send('GET', `/apps/${app.name}/releases/9/config-vars`)).body).toMatchObject({
      resource: 'release',
    });
  });

  it('dynos: are shown, restarted and stopped', async () => {
    const release = await api.newRelease(app);
    const { body } = await api.send('GET', `/apps/${app.name}/dynos`);
    const [dyno] = z.array(z.record(z.string(), z.unknown())).parse(body);
    if (!dyno) throw new Error('no dyno');
    expect(schemaProblems('dyno', dyno)).toEqual([]);
    expect(dyno).toMatchObject({
      name: 'web.1',
      state: 'up',
      size: 'Standard-1X',
      release: { id: release.id, version: 1 },
    });
    for (const identity of ['web.1', dyno.id]) {
      expect((await api.send('GET', `/apps/${app.name}/dynos/${identity}`)).body).toEqual(dyno);
    }
    api.asked.length = 0;
    for (const [method, path] of [
      ['DELETE', '/dynos'],
      ['DELETE', '/dynos/web.1'],
      ['DELETE', '/formations/web'],
      ['POST', `/dynos/${dyno.id}/actions/stop`],
      ['POST', '/formations/worker/actions/stop'],
    ] as const) {
      expect((await api.send(method, `/apps/${app.name}${path}`)).status).toBe(202);
    }
    expect(api.asked).toEqual(['restart all', 'restart web.1', 'restart web', 'stop web.1', 'stop worker']);
    for (const path of ['/dynos/web.9', '/formations/clock']) {
      expect((await api.send('DELETE', `/apps/${app.name}${path}`)).status).toBe(404);
    }
  });

  it('formation: is shown and scaled, in one go or by type', async () => {
    await api.newRelease(app);
    const { body } = await api.send('GET', `/apps/${app.name}/formation`);
    for (const entry of [body].flat()) expect(schemaProblems('formation', entry)).toEqual([]);
    api.asked.length = 0;
    const updates = [
      { type: 'web', quantity: '+1' },
      { type: 'worker', quantity: '2', size: 'Standard-2X' },
    ];
    const scaled = await api.send('PATCH', `/apps/${app.name}/formation`, { body: { updates } });
    expect(scaled.body).toMatchObject([
      { type: 'web', quantity: 1 },
      {
        type: 'worker',
        quantity: 2,
        size: 'Standard-2X',
        dyno_size: { name: 'Standard-2X' },
        command: 'node worker.js',
      },
    ]);
    expect(api.asked).toEqual([
      'scale [{"type":"web","quantity":"+1"},{"type":"worker","quantity":"2","size":"standard-2x"}]',
    ]);
    const one = await api.send('PATCH', `/apps/${app.name}/formation/web`, { body: { quantity: 3 } });
    expect(one.body).toMatchObject({ type: 'web', quantity: 3 });
    expect((await api.send('GET', `/apps/${app.name}/formation/web`)).body).toMatchObject({ quantity: 3 });
    expect((await api.send('GET', `/apps/${app.name}/formation/clock`)).status).toBe(404);
  });

  it('releases: know the current one, and go back to an old one', async () => {
    await api.newRelease(app);
    await api.newRelease(app);
    await api.newRelease(app, { image: undefined, commit: undefined });
    const { body } = await api.send('GET', `/apps/${app.name}/releases/v1`);
    expect(schemaProblems('release', body)).toEqual([]);
    expect(body).toMatchObject({ version: 1, current: false, eligible_for_rollback: true, commit: 'c'.repeat(40) });
    expect((await api.send('GET', `/apps/${app.name}/releases/3`)).body).toMatchObject({
      current: true,
      eligible_for_rollback: false,
      slug: null,
    });
    const back = await api.send('POST', `/apps/${app.name}/releases`, { body: { release: body.id } });
    expect(back).toMatchObject({ status: 201, body: { version: 4, description: 'Rollback to v1', status: 'pending' } });
    expect((await api.send('POST', `/apps/${app.name}/releases`, { body: { release: 3 } })).status).toBe(422);
    expect((await api.send('POST', `/apps/${app.name}/releases`, { body: { release: '77' } })).status).toBe(404);
  });

  it('releases: come in parts, as their Range asks', async () => {
    for (let version = 1; version <= 5; version += 1) await api.newRelease(app);
    const ask = async (range?: string) => {
      const headers = range === undefined ? {} : { Range: range };
      const answer = await api.send('GET', `/apps/${app.name}/releases`, { headers });
      const versions = z
        .array(z.object({ version: z.number() }))
        .parse(answer.body)
        .map(({ version }) => version);
      return { ...answer, versions, next: answer.headers.get('next-range') ?? undefined };
    };
    expect(await ask()).toMatchObject({ status: 200, versions: [1, 2, 3, 4, 5], next: undefined });
    const first = await ask('version ..; order=desc,max=2');
    expect(first).toMatchObject({ status: 206, versions: [5, 4], next: 'version ]4..; order=desc,max=2' });
    expect(first.headers.get('content-range')).toBe('version 5..4');
    expect(first.headers.get('accept-ranges')).toBe('version, id');
    const second = await ask(first.next);
    expect(second).toMatchObject({ status: 206, versions: [3, 2] });
    expect(await ask(second.next)).toMatchObject({ status: 200, versions: [1], next: undefined });
    expect(await ask('version 2..3; max=10;')).toMatchObject({ status: 200, versions: [2, 3] });
    const wrong = await api.send('GET', `/apps/${app.name}/releases`, { headers: { Range: 'bytes=0-1' } });
    expect(wrong).toMatchObject({ status: 416, body: { id: 'range_not_satisfiable' } });
  });

  it('builds: are shown with what Heroku has no word for, and canceled', async () => {
    const build = await api.newBuild(app);
    const release = await api.newRelease(app);
    await api.stores.builds.update(build.id, { releaseVersion: release.version });
    const { body } = await api.send('GET', `/apps/${app.name}/builds/${build.id}`);
    expect(schemaProblems('build', body)).toEqual([]);
    expect(body).toMatchObject({
      status: 'pending',
      state: 'queued',
      finished: false,
      ref: 'refs/heads/main',
      commit: 'c'.repeat(40),
      phases: [{ name: 'receive', durationMs: 12 }],
      release: { id: release.id },
      source_blob: { version: 'c'.repeat(40) },
    });
    expect((await api.send('GET', `/apps/${app.name}/builds`)).body).toEqual([body]);
    const canceled = await api.send('DELETE', `/apps/${app.name}/builds/${build.id}`);
    expect(canceled).toMatchObject({ status: 202, body: { status: 'failed', state: 'canceled' } });
    const other = await api.newApp();
    expect((await api.send('GET', `/apps/${other.name}/builds/${build.id}`)).status).toBe(404);
  });

  it('tokens: are made once visible, listed without secret, and deleted', async () => {
    const made = await api.send('POST', '/oauth/authorizations', { body: { description: 'ci', expires_in: '3600' } });
    expect(made).toMatchObject({ status: 201, body: { description: 'ci', access_token: { expires_in: 3600 } } });
    const secret = String(made.body.access_token?.token);
    expect((await api.send('GET', '/account', { token: secret })).status).toBe(200);
    const path = `/oauth/authorizations/${made.body.id}`;
    expect((await api.send('GET', path)).body).toMatchObject({ access_token: { token: null } });
    expect((await api.send('DELETE', path)).body).toMatchObject({ id: made.body.id });
    expect((await api.send('GET', '/account', { token: secret })).status).toBe(401);
  });

  it('platform: says what it is', async () => {
    expect((await api.send('GET', '/platform')).body).toEqual({
      api_url: api.baseUrl,
      domain: '127.0.0.1',
      git_url: api.baseUrl,
      version: '0.0.1',
    });
    expect((await api.send('GET', '/regions')).body).toMatchObject([{ name: 'local' }]);
  });
});
