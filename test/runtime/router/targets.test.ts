import { Agent, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readAll, send } from './node-client.ts';
import {
  appRoute,
  connecting,
  deadTarget,
  get,
  listen,
  ok,
  rawBackend,
  rawClient,
  startRouter,
  startRouterTo,
  stopAll,
  waitFor,
} from './support.ts';

describe('runtime/router: targets', () => {
  afterEach(stopAll);

  it('sends requests where fewer are in flight', async () => {
    const counts = [0, 0];
    const ports = await Promise.all(
      counts.map((_, index) =>
        rawBackend((socket) => {
          socket.on('data', () => {
            counts[index] = (counts[index] ?? 0) + 1;
            // The second never answers.
            if (index === 0) socket.write(ok);
          });
        }),
      ),
    );
    const started = await startRouterTo(ports);
    const agent = new Agent({ keepAlive: true });
    await Promise.race([
      Promise.all(Array.from({ length: 60 }, () => send(started.port, { agent }).catch(() => undefined))),
      waitFor(() => (counts[0] ?? 0) + (counts[1] ?? 0) === 60),
    ]);
    expect(counts[0]).toBeGreaterThan(counts[1] ?? 0);
    agent.destroy();
  });

  it('tries another target when one refuses', async () => {
    const started = await startRouterTo([1, await rawBackend((socket) => socket.on('data', () => socket.write(ok)))]);
    for (let index = 0; index < 10; index++) expect((await send(started.port)).status).toBe(200);
  });

  it('moves a request to another target when one does not let it connect soon', async () => {
    const alive = await rawBackend((socket) => socket.on('data', () => socket.write(ok)));
    const timeouts = { connectMs: 60_000, connectElsewhereMs: 20 };
    const started = await startRouterTo([await deadTarget(), alive], { timeouts });
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(started.port)));
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
    expect(started.lines.every((line) => line.includes('dyno=web.2'))).toBe(true);
  });

  it('comes back to the slow target when the others refuse', async () => {
    const timeouts = { connectMs: 300, connectElsewhereMs: 20 };
    const started = await startRouterTo([await deadTarget(), 1], { timeouts });
    const client = await rawClient(started.port, get);
    await client.until('(H19)');
    expect(started.lines[0]).toContain('dyno=web.1');
  });

  it.each(['put', 'table'] as const)(
    'places a request again at once when %s takes away the target that it connects to',
    async (type) => {
      const alive = await rawBackend((socket) => socket.on('data', () => socket.write(ok)));
      const dead = await deadTarget();
      const started = await startRouterTo(dead, { timeouts: { connectMs: 60_000 } });
      const body = Buffer.from('hello');
      const answers = [send(started.port), send(started.port, { method: 'POST', body, length: true })];
      await waitFor(() => connecting(dead) === 2);
      const route = appRoute('live', [alive]);
      const table = { version: 2, routes: [route] };
      started.router.apply(type === 'put' ? { type, version: 2, route } : { type, table });
      expect((await Promise.all(answers)).map((answer) => answer.status)).toEqual([200, 200]);
      expect(started.drained).toHaveLength(1);
      expect(started.router.draining()).toEqual([]);
    },
  );

  it('holds a request whose target goes away under its connect while the app boots', async () => {
    const alive = await rawBackend((socket) => socket.on('data', () => socket.write(ok)));
    const dead = await deadTarget();
    const started = await startRouterTo(dead, { timeouts: { connectMs: 60_000 } });
    const answer = send(started.port, { method: 'POST', body: Buffer.from('hello'), length: true });
    await waitFor(() => connecting(dead) === 1);
    started.router.apply({ type: 'put', version: 2, route: appRoute('booting') });
    expect(started.drained).toHaveLength(1);
    started.router.apply({ type: 'put', version: 3, route: appRoute('live', [alive]) });
    expect((await answer).status).toBe(200);
  });

  it('answers for the route when it keeps no target under a connect', async () => {
    const dead = await deadTarget();
    const started = await startRouterTo(dead, { timeouts: { connectMs: 60_000 } });
    const answers = [send(started.port), send(started.port)];
    await waitFor(() => connecting(dead) === 2);
    started.router.apply({ type: 'put', version: 2, route: appRoute('crashed') });
    expect((await Promise.all(answers)).map((answer) => answer.status)).toEqual([503, 503]);
    expect(started.lines[0]).toContain('code=H10');
    started.router.apply({ type: 'put', version: 3, route: appRoute('live', [dead]) });
    const last = send(started.port);
    await waitFor(() => connecting(dead) === 1);
    started.router.apply({ type: 'delete', version: 4, appId: 'app-1' });
    expect((await last).status).toBe(404);
  });

  it('follows an instance that moved under a connect', async () => {
    const alive = await rawBackend((socket) => socket.on('data', () => socket.write(ok)));
    const dead = await deadTarget();
    const started = await startRouterTo(dead, { timeouts: { connectMs: 60_000 } });
    const answer = send(started.port);
    await waitFor(() => connecting(dead) === 1);
    const route = appRoute('live', [dead]);
    const targets = route.targets.map((target) => ({ ...target, port: alive }));
    started.router.apply({ type: 'put', version: 2, route: { ...route, targets } });
    expect((await answer).status).toBe(200);
  });

  it('holds requests of a booting app until a target comes', async () => {
    const started = await startRouter();
    started.router.apply({ type: 'put', version: 1, route: appRoute('booting') });
    const body = Buffer.from('hello');
    let got = '';
    const server = createServer(async (incoming, outgoing) => {
      got += await readAll(incoming);
      outgoing.end('ok');
    });
    const answers = [send(started.port), send(started.port, { method: 'POST', body, length: true })];
    await new Promise((resolve) => setTimeout(resolve, 50));
    started.router.apply({ type: 'put', version: 2, route: appRoute('booting') });
    started.router.apply({ type: 'put', version: 3, route: appRoute('live', [await listen(server)]) });
    expect((await Promise.all(answers)).map((answer) => answer.status)).toEqual([200, 200]);
    expect(got).toBe('hello');
  });

  it('answers 404 to a held request whose app is deleted', async () => {
    const started = await startRouter();
    started.router.apply({ type: 'put', version: 1, route: appRoute('booting') });
    const answer = send(started.port);
    await new Promise((resolve) => setTimeout(resolve, 50));
    started.router.apply({ type: 'delete', version: 2, appId: 'app-1' });
    expect((await answer).status).toBe(404);
  });

  it("sends the platform's own host to the server, without a log line", async () => {
    const server = createServer((_incoming, outgoing) => outgoing.end('platform'));
    const started = await startRouter({ platformTarget: { host: '127.0.0.1', port: await listen(server) } });
    const client = await rawClient(started.port, 'GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n');
    await client.until('platform');
    expect(started.lines).toEqual([]);
  });

  it('reports a removed target as drained once its last request is over', async () => {
    const sockets: Socket[] = [];
    const port = await rawBackend((socket) => {
      socket.on('data', () => sockets.push(socket));
    });
    const started = await startRouterTo([port, 1]);
    started.router.apply({ type: 'put', version: 2, route: appRoute('live', [port]) });
    expect(started.drained).toEqual(['app-1-1']);
    const answer = send(started.port);
    await waitFor(() => sockets.length === 1);
    started.router.apply({ type: 'put', version: 3, route: appRoute('booting') });
    expect(started.router.draining()).toEqual([`app-1-${port}`]);
    sockets[0]?.write(ok);
    expect((await answer).status).toBe(200);
    await waitFor(() => started.drained.length === 2);
    expect(started.router.draining()).toEqual([]);
  });
});
