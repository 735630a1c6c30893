import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Build } from '../../../server/domain/build.ts';
import { startTestApi, type TestApi } from './harness.ts';

const events = { Accept: 'text/event-stream' };

describe('server/api: streams', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const newStream = async (): Promise<{ build: Build; url: string }> => {
    const app = await api.newApp();
    const build = await api.newBuild(app);
    await api.stores.builds.enqueue(build.id);
    const { body } = await api.send('GET', `/apps/${app.name}/builds/${build.id}`);
    return { build, url: String(body.output_stream_url) };
  };

  it('tells a build line by line until it is finished, to a client without a token', async () => {
    const { build, url } = await newStream();
    await api.stores.builds.appendLines(build.id, ['-----> Building']);
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const reading = response.text();
    await api.stores.builds.appendLines(build.id, ['       step', '']);
    await api.stores.builds.update(build.id, { status: 'failed', failure: 'no' });
    await api.stores.builds.appendLines(build.id, [' !     no']);
    await api.stores.builds.finish(build.id);
    expect(await reading).toBe('-----> Building\n       step\n\n !     no\n');
  });

  it('resumes after the line that the client has', async () => {
    const { build, url } = await newStream();
    await api.stores.builds.appendLines(build.id, ['one', 'two\rthree', 'four']);
    await api.stores.builds.finish(build.id);
    expect(await (await fetch(`${url}&after=2`)).text()).toBe('four\n');
    expect(await (await fetch(url, { headers: events })).text()).toBe(
      'id: 1\ndata: one\n\nid: 2\ndata: two\ndata: three\n\nid: 3\ndata: four\n\n',
    );
    const resumed = await fetch(url, { headers: { ...events, 'Last-Event-ID': '2' } });
    expect(await resumed.text()).toBe('id: 3\ndata: four\n\n');
  });

  it('ends when the app is destroyed', async () => {
    const { build, url } = await newStream();
    const response = await fetch(url);
    await api.stores.apps.remove(build.appId);
    expect(await response.text()).toBe('');
  });

  it.each([
    ['without a signature', (url: string) => url.split('?')[0] ?? ''],
    ['for another build', (url: string) => url.replace(/builds\/........-/, 'builds/00000000-')],
    ['with a later end', (url: string) => url.replace(/expires=\d+/, 'expires=99999999999')],
    ['with another parameter', (url: string) => `${url}&x=1`],
    ['with a parameter twice', (url: string) => `${url}&expires=99999999999`],
  ])('refuses a URL %s', async (_, change) => {
    const { url } = await newStream();
    expect((await fetch(change(url))).status).toBe(403);
  });

  it('refuses a URL that is too old', async () => {
    const { url } = await newStream();
    const before = api.clock.now;
    api.clock.now = new Date(before.getTime() + 3 * 3_600_000);
    expect((await fetch(url)).status).toBe(403);
    api.clock.now = before;
  });

  describe('logs', () => {
    const at = new Date('2026-04-26T16:58:32.943Z');
    const open = async (body: unknown) => {
      const app = await api.newApp();
      const answer = await api.send('POST', `/apps/${app.name}/log-sessions`, { body });
      expect(answer.status).toBe(201);
      return String(answer.body.logplex_url);
    };
    beforeAll(() => {
      api.logs.lines.push(
        { at, source: 'app', instance: 'web.1', text: 'listening' },
        { at, source: 'heroku', instance: 'router', text: 'at=info' },
        { at, source: 'app', instance: 'web.2', text: 'also listening' },
      );
    });

    it('come as events with their places', async () => {
      const response = await fetch(await open({ lines: 2, tail: false }), { headers: events });
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(await response.text()).toBe(
        'id: 2\ndata: 2026-04-26T16:58:32.943000+00:00 heroku[router]: at=info\n\n' +
          'id: 3\ndata: 2026-04-26T16:58:32.943000+00:00 app[web.2]: also listening\n\n',
      );
    });

    it('come as text to those who take no events', async () => {
      const url = await open({ source: 'app', dyno: 'web.1' });
      expect(await (await fetch(url)).text()).toBe('2026-04-26T16:58:32.943000+00:00 app[web.1]: listening\n');
    });

    it('go on after the last place that the client saw', async () => {
      const headers = { ...events, 'Last-Event-ID': '2' };
      expect(await (await fetch(await open({}), { headers })).text()).toMatch(/^id: 3\n[^\n]*\n\n$/);
    });

    it('stay open with tail until the client leaves', async () => {
      const leave = new AbortController();
      const response = await fetch(await open({ tail: true, lines: 1 }), { headers: events, signal: leave.signal });
      const reader = response.body?.getReader();
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toMatch(/^id: 3\n/);
      leave.abort();
      await expect(reader?.read()).rejects.toThrow();
    });

    it('keep what was asked for: the URL cannot be turned to another app or query', async () => {
      const url = await open({ source: 'app' });
      expect((await fetch(url.replace('source=app', 'source=heroku'))).status).toBe(403);
    });
  });
});
