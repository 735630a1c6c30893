import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type ControlClient, createControlClient } from '../../../runtime/router/control.ts';
import { createRouteHub, type RouteHub } from '../../../runtime/router/route-hub.ts';
import type { Router } from '../../../runtime/router/router.ts';
import { appRoute, get, ok, rawBackend, rawClient, startRouter, stopAll, waitFor } from './support.ts';

interface HubServer {
  readonly hub: RouteHub;
  readonly port: number;
  readonly lines: string[];
  stop(): Promise<void>;
}

const cleanups: (() => unknown)[] = [];

async function startHub(options: { readonly port?: number; readonly ackTimeoutMs?: number } = {}): Promise<HubServer> {
  const lines: string[] = [];
  const { port = 0, ackTimeoutMs = 5000 } = options;
  const hub = createRouteHub({
    token: 'secret',
    onLog: (all) => lines.push(...all.map((line) => `${line.appId} ${line.text}`)),
    log: () => undefined,
    ackTimeoutMs,
  });
  const sockets = new Set<Socket>();
  const server: Server = createServer();
  server.on('connection', (socket) => sockets.add(socket));
  server.on('upgrade', (request, socket) => hub.attach(request, socket));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  cleanups.push(stop);
  return { hub, port: (server.address() as AddressInfo).port, lines, stop };
}

/** A real router on a real control channel. */
async function startControlled(port: number, token = 'secret') {
  let control: ControlClient | undefined;
  const started = await startRouter({
    logAccess: (appId, at, text) => control?.log(appId, at, text),
    onDrained: (instanceId) => control?.drained(instanceId),
  });
  control = createControlClient({
    server: { host: '127.0.0.1', port },
    token,
    routerId: 'router-1',
    version: started.router.version,
    draining: started.router.draining,
    apply: started.router.apply,
    note: () => undefined,
  });
  cleanups.push(control.close);
  return { ...started, control };
}

const hosts = (router: Router) => router.table().routes.map((route) => route.appId);

describe('runtime/router: control channel', () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await stopAll();
  });

  it('publishes to nobody at once', async () => {
    const { hub } = await startHub();
    hub.ready();
    await hub.publish(appRoute('blank'));
    await hub.drained('any', 60_000);
    expect(hub.table().routes).toHaveLength(1);
  });

  it('resolves once the router serves what was published', async () => {
    const { hub, port } = await startHub();
    hub.ready();
    const { router } = await startControlled(port);
    await waitFor(() => hub.routers() === 1 && router.version() > 0);
    await hub.publish(appRoute('blank'));
    expect(router.table()).toEqual(hub.table());
    await hub.remove('app-1');
    expect(router.table().routes).toEqual([]);
    expect(router.version()).toBe(hub.table().version);
  });

  it('leaves the routes of a router alone until the server knows its apps', async () => {
    const { hub, port } = await startHub();
    const { router } = await startControlled(port);
    router.apply({ type: 'put', version: 5, route: appRoute('blank', [], 'old') });
    await waitFor(() => hub.routers() === 1);
    await hub.publish(appRoute('blank', [], 'new'));
    expect(hosts(router)).toEqual(['old']);
    hub.ready();
    await waitFor(() => router.version() > 5);
    expect(hosts(router)).toEqual(['new']);
  });

  it('comes back to a restarted server, with the lines of the meantime and a higher version', async () => {
    const first = await startHub();
    first.hub.ready();
    const { router, control } = await startControlled(first.port);
    await waitFor(() => first.hub.routers() === 1 && router.version() > 0);
    await first.hub.publish(appRoute('stopped'));
    const before = router.version();
    await first.stop();
    await waitFor(() => first.hub.routers() === 0);
    for (let index = 0; index <= 10_250; index++) control.log('app-1', 1, `line ${index}`);
    const second = await startHub({ port: first.port });
    await second.hub.publish(appRoute('crashed'));
    second.hub.ready();
    await waitFor(() => second.lines.at(-1) === 'app-1 line 10250');
    expect(second.lines[0]).toBe('app-1 at=warning desc="Log lines dropped while the server was away" dropped=200');
    expect(second.lines[1]).toBe('app-1 line 200');
    await waitFor(() => router.version() > before);
    expect(router.table().routes[0]?.state).toBe('crashed');
  });

  it('brings access log lines of requests', async () => {
    const { hub, port, lines } = await startHub();
    hub.ready();
    const started = await startControlled(port);
    await waitFor(() => hub.routers() === 1 && started.router.version() > 0);
    await hub.publish(appRoute('stopped'));
    await rawClient(started.port, get);
    await waitFor(() => lines.length === 1);
    expect(lines[0]).toMatch(/^app-1 at=error code=H14/);
  });

  it('knows when a target is drained', async () => {
    const { hub, port } = await startHub();
    hub.ready();
    const sockets: Socket[] = [];
    const backend = await rawBackend((socket) => socket.on('data', () => sockets.push(socket)));
    const started = await startControlled(port);
    await waitFor(() => hub.routers() === 1 && started.router.version() > 0);
    await hub.publish(appRoute('live', [backend]));
    const client = await rawClient(started.port, get);
    await waitFor(() => sockets.length === 1);
    await hub.publish(appRoute('stopped'));
    let drained = false;
    const waiting = hub.drained(`app-1-${backend}`, 60_000).then(() => {
      drained = true;
    });
    await hub.publish(appRoute('stopped'));
    expect(drained).toBe(false);
    sockets[0]?.write(ok);
    await waiting;
    expect(await client.until('\r\n\r\nok')).toContain('200 OK');
  });

  it('does not wait for ever for a target that is not drained', async () => {
    const { hub, port } = await startHub();
    hub.ready();
    const sockets: Socket[] = [];
    const backend = await rawBackend((socket) => socket.on('data', () => sockets.push(socket)));
    const started = await startControlled(port);
    await waitFor(() => hub.routers() === 1 && started.router.version() > 0);
    await hub.publish(appRoute('live', [backend]));
    await rawClient(started.port, get);
    await waitFor(() => sockets.length === 1);
    await hub.publish(appRoute('stopped'));
    await hub.drained(`app-1-${backend}`, 50);
  });

  it('gives up on a router that does not answer, and cuts it off', async () => {
    const { hub, port } = await startHub({ ackTimeoutMs: 100 });
    const upgrade =
      'GET /router/control HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shipway-router\r\nAuthorization: Bearer secret\r\n\r\n';
    const dead = await rawClient(port, upgrade);
    await dead.until('101 Switching Protocols');
    dead.socket.write('{"type":"hello","routerId":"dead","pid":1,"version":0}\n');
    hub.ready();
    await dead.until('"type":"table"');
    await hub.publish(appRoute('blank'));
    await dead.closed();
    await waitFor(() => hub.routers() === 0);
  });

  it('refuses a wrong token, and closes on what is no report', async () => {
    const { hub, port } = await startHub();
    const { router } = await startControlled(port, 'wrong');
    hub.ready();
    const upgrade = 'GET /router/control HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shipway-router\r\n';
    expect(await (await rawClient(port, `${upgrade}\r\n`)).closed()).toContain('401 Unauthorized');
    const odd = await rawClient(port, `${upgrade}Authorization: Bearer secret\r\n\r\n`);
    await odd.until('101 Switching Protocols');
    odd.socket.write('{"type":"evil"}\n');
    await odd.closed();
    expect(hub.routers()).toBe(0);
    expect(router.version()).toBe(0);
  });
});
