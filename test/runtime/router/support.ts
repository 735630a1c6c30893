import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createRouter, type Router, type RouterOptions } from '../../../runtime/router/router.ts';
import type { AppRoute, RouteState, Target } from '../../../server/domain/route.ts';

export interface RunningRouter {
  readonly router: Router;
  readonly port: number;
  /** Access log lines, oldest first. */
  readonly lines: string[];
  readonly drained: string[];
}

const running: { stop(): Promise<void> }[] = [];

/** Ends all that the helpers of this file started; for afterEach. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((one) => one.stop()));
}

export async function startRouter(options: Partial<RouterOptions> = {}): Promise<RunningRouter> {
  const lines: string[] = [];
  const drained: string[] = [];
  const router = createRouter({
    publicPort: 8080,
    platformHosts: ['localhost'],
    platformTarget: { host: '127.0.0.1', port: 1 },
    logAccess: (_appId, _at, text) => lines.push(JSON.parse(`"${text}"`)),
    onDrained: (instanceId) => drained.push(instanceId),
    ...options,
  });
  const { port } = await router.listen({ host: '127.0.0.1', port: 0 });
  running.push({ stop: () => router.stop({ graceMs: 0, idleGraceMs: 0 }) });
  return { router, port, lines, drained };
}

export function appRoute(state: RouteState, ports: readonly number[] = [], appId = 'app-1'): AppRoute {
  const targets = ports.map(
    (port, index): Target => ({
      instanceId: `${appId}-${port}`,
      name: `web.${index + 1}`,
      host: '127.0.0.1',
      port,
      releaseVersion: 1,
    }),
  );
  return { appId, appName: 'demo', hosts: ['demo.localhost'], state, targets };
}

export async function startRouterTo(
  port: number | readonly number[],
  options: Partial<RouterOptions> = {},
): Promise<RunningRouter> {
  const started = await startRouter(options);
  const ports = typeof port === 'number' ? [port] : port;
  started.router.apply({ type: 'put', version: 1, route: appRoute('live', ports) });
  return started;
}

/** A TCP server on an ephemeral port of loopback; its sockets are destroyed by stopAll. */
export async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push({
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

/** A backend that answers each connection by hand. */
export function rawBackend(onConnection: (socket: Socket) => void): Promise<number> {
  return listen(
    createServer((socket) => {
      socket.on('error', () => undefined);
      onConnection(socket);
    }),
  );
}

/** Answers `text` to whatever arrives, once for each connection. */
export function cannedBackend(text: string, after: 'end' | 'destroy' | 'stay' = 'stay'): Promise<number> {
  return rawBackend((socket) => {
    socket.once('data', () => {
      if (text !== '') socket.write(text, 'latin1');
      if (after === 'end') socket.end();
      else if (after === 'destroy') setImmediate(() => socket.destroy());
    });
  });
}

/** The port of a target whose machine is gone: a connection to it gets no answer at all, since its backlog is full. */
export async function deadTarget(): Promise<number> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      // Accepts none.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`,
    { eval: true },
  );
  const [port] = (await once(worker, 'message')) as [number];
  // Linux queues one more than the backlog.
  const queued = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  for (const socket of queued) socket.on('error', () => undefined);
  await Promise.all(queued.map((socket) => once(socket, 'connect')));
  running.push({
    stop: async () => {
      for (const socket of queued) socket.destroy();
      await worker.terminate();
    },
  });
  return port;
}

/** How many connections to a port of loopback wait for an answer: SYN_SENT is 2 in the kernel's table. */
export function connecting(port: number): number {
  const remote = ` 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 02 `;
  return readFileSync('/proc/net/tcp', 'utf8').split(remote).length - 1;
}

export interface RawClient {
  readonly socket: Socket;
  /** All that was received, latin1. */
  received(): string;
  /** Waits for `text` to have come. */
  until(text: string): Promise<string>;
  /** Waits for the other side to close. */
  closed(): Promise<string>;
}

export async function rawClient(port: number, text = ''): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false });
  const chunks: Buffer[] = [];
  let over = false;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    over = true;
  });
  await once(socket, 'connect');
  running.push({ stop: async () => void socket.destroy() });
  if (text !== '') socket.write(text, 'latin1');
  const received = () => Buffer.concat(chunks).toString('latin1');
  const wait = async (isDone: () => boolean, what: string) => {
    for (let tries = 0; !isDone(); tries++) {
      if (tries > 2000) throw new Error(`Waited for ${what} in vain, got: ${received().slice(0, 2000)}`);
      await sleep(5);
    }
    return received();
  };
  return {
    socket,
    received,
    until: (wanted) => wait(() => received().includes(wanted), JSON.stringify(wanted)),
    closed: () => wait(() => over, 'the end of the connection'),
  };
}

export async function waitFor(isDone: () => boolean): Promise<void> {
  for (let tries = 0; !isDone(); tries++) {
    if (tries > 2000) throw new Error('Waited in vain.');
    await sleep(5);
  }
}

export const get = 'GET / HTTP/1.1\r\nHost: demo.localhost\r\n\r\n';
export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
