import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { RouterCommand, RouteTable } from '../../server/domain/route.ts';
import { Backend } from './backend.ts';
import { ClientConnection } from './client-connection.ts';
import { createDeadlines } from './deadlines.ts';
import { createFleet } from './fleet.ts';
import { writeOriginFields } from './forwarded-head.ts';
import { appTimeouts, type ConnectionTimeouts, connectionTimeouts, platformTimeouts, type Timeouts } from './limits.ts';
import type { RouterCore } from './router-core.ts';
import type { Address } from './upstream.ts';

export interface RouterOptions {
  /** The port that clients see, for X-Forwarded-Port. */
  readonly publicPort: number;
  /** Host names, lower case and without port, whose requests go to `platformTarget`. */
  readonly platformHosts: readonly string[];
  readonly platformTarget: Address;
  readonly timeouts?: Partial<Timeouts>;
  readonly platformTimeouts?: Partial<Timeouts>;
  readonly connectionTimeouts?: Partial<ConnectionTimeouts>;
  /** An access log line; `at` is unix ms, `text` stands in a JSON string (see formatAccess). */
  readonly logAccess: (appId: string, at: number, text: string) => void;
  /** A target that left the table has no request in flight any more. */
  readonly onDrained: (instanceId: string) => void;
}

export interface Router {
  /** `reusePort`: a second router can listen beside this one, so that one can take over from the other. */
  listen(options: { readonly host: string; readonly port: number; readonly reusePort?: boolean }): Promise<AddressInfo>;
  apply(command: RouterCommand): void;
  table(): RouteTable;
  /** Version of the table. */
  version(): number;
  /** Targets that left the table and still have requests in flight. */
  draining(): readonly string[];
  /**
   * Takes no more connections, ends each after the response that it carries, and resolves when all are closed: idle ones
   * after `idleGraceMs` (a request may be on its way), all others at the latest after `graceMs`.
   */
  stop(options: { readonly graceMs: number; readonly idleGraceMs: number }): Promise<void>;
}

export function createRouter(options: RouterOptions): Router {
  const connections = new Set<ClientConnection>();
  let stopping = false;
  const core = createCore(options, () => stopping);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    connections.add(new ClientConnection(core, socket, (connection) => connections.delete(connection)));
  });
  return {
    listen: async (where) => {
      server.listen({ ...where, backlog: 4096 });
      await once(server, 'listening');
      return server.address() as AddressInfo;
    },
    apply: (command) => core.fleet.apply(command),
    table: () => core.fleet.routes.table(),
    version: () => core.fleet.routes.version,
    draining: () => core.fleet.draining(),
    stop: async ({ graceMs, idleGraceMs }) => {
      stopping = true;
      const closed = once(server, 'close');
      server.close();
      const idle = setTimeout(() => {
        for (const connection of connections) if (connection.idle) connection.close();
      }, idleGraceMs);
      const hard = setTimeout(() => {
        for (const connection of connections) connection.socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(idle);
      clearTimeout(hard);
      core.deadlines.stop();
    },
  };
}

function createCore(options: RouterOptions, stopping: () => boolean): RouterCore {
  const timeouts = { ...appTimeouts, ...options.timeouts };
  const forPlatform = { ...platformTimeouts, ...options.platformTimeouts };
  const forConnections = { ...connectionTimeouts, ...options.connectionTimeouts };
  const shortestMs = Math.min(...Object.values(timeouts), ...Object.values(forConnections));
  const deadlines = createDeadlines(Math.min(1000, shortestMs / 4));
  const { keepAliveMs } = forConnections;
  return {
    fleet: createFleet({ deadlines, keepAliveMs, onDrained: options.onDrained }),
    deadlines,
    originFields: writeOriginFields('http', options.publicPort),
    platformHosts: new Set(options.platformHosts),
    platform: new Backend({ instanceId: '', name: '', address: options.platformTarget, deadlines, keepAliveMs }),
    appTimeouts: timeouts,
    platformTimeouts: forPlatform,
    connectionTimeouts: forConnections,
    stopping,
    logAccess: options.logAccess,
  };
}
