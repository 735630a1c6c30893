import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RouterCommand, Routes, RouteTable } from '../../server/domain/route.ts';
import { createRouteIndex } from './route-table.ts';
import { type AccessLine, RouterSession } from './router-session.ts';

/** The server's end of the control channel, and the port through which rollout publishes routes. */
export interface RouteHub extends Routes {
  /** Takes over an upgraded connection (`GET /router/control`, `Upgrade: shipway-router`), or refuses it. */
  attach(request: IncomingMessage, socket: Duplex): void;
  /**
   * All apps have been published once: routers get the table from now on. A server that has just started would otherwise
   * take away routes that it only has not looked at yet.
   */
  ready(): void;
  /** How many routers are connected. */
  routers(): number;
  table(): RouteTable;
}

export function createRouteHub(options: {
  readonly token: string;
  readonly onLog: (lines: readonly AccessLine[]) => void;
  readonly log: (text: string) => void;
  /** How long a router may take to acknowledge before it counts as dead. */
  readonly ackTimeoutMs?: number;
}): RouteHub {
  const { token, onLog, log, ackTimeoutMs = 5000 } = options;
  const index = createRouteIndex();
  const sessions = new Set<RouterSession>();
  let ready = false;
  // Later than every version of the server that ran before.
  let version = Date.now();

  const tell = async (command: RouterCommand): Promise<void> => {
    if (!ready) return;
    await Promise.all([...sessions].map((session) => session.send(command)));
  };
  const tellTable = (session: RouterSession): void => {
    // A router with a snapshot of a server whose clock was ahead.
    version = Math.max(version, session.helloVersion) + 1;
    const table = { version, routes: index.table().routes };
    void session.send({ type: 'table', table });
  };
  return {
    attach: (request, socket) => {
      if (!accept(request, socket, token)) return;
      const session = new RouterSession({
        socket,
        ackTimeoutMs,
        onHello: () => ready && tellTable(session),
        onLog,
        onClose: (reason) => {
          sessions.delete(session);
          log(`router ${session.routerId} is gone: ${reason}`);
        },
      });
      sessions.add(session);
    },
    ready: () => {
      ready = true;
      for (const session of sessions) if (session.greeted) tellTable(session);
    },
    routers: () => sessions.size,
    table: () => index.table(),
    publish: (route) => {
      index.put(++version, route);
      return tell({ type: 'put', version, route });
    },
    remove: (appId) => {
      index.delete(++version, appId);
      return tell({ type: 'delete', version, appId });
    },
    drained: async (instanceId, timeoutMs) => {
      const timer = new AbortController();
      const late = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined);
      await Promise.race([Promise.all([...sessions].map((session) => session.drained(instanceId))), late]);
      timer.abort();
    },
  };
}

/** Answers 101 to a router that knows the token, 401 or 400 to anybody else. */
function accept(request: IncomingMessage, socket: Duplex, token: string): boolean {
  if (!sameSecret(request.headers.authorization ?? '', `Bearer ${token}`)) {
    socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return false;
  }
  if (request.headers.upgrade !== 'shipway-router') {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return false;
  }
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shipway-router\r\n\r\n');
  return true;
}

/** In constant time: digests have one length. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
