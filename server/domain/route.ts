/** Where the router sends requests of one app to: one instance. */
export interface Target {
  /** The engine's instance id. */
  readonly instanceId: string;
  /** `web.1`, for the log line's `dyno=`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly releaseVersion: number;
}

/**
 * What the router does for a request when `targets` is empty:
 * `blank` H81 no release yet; `stopped` H14 scaled to 0; `crashed` H10; `booting` hold until a target comes, H20 after the boot wait.
 * `live` has targets. `maintenance` H80.
 */
export type RouteState = 'blank' | 'stopped' | 'crashed' | 'booting' | 'live' | 'maintenance';

export interface AppRoute {
  readonly appId: string;
  readonly appName: string;
  /** Exact host names, lower case, without port. */
  readonly hosts: readonly string[];
  readonly state: RouteState;
  readonly targets: readonly Target[];
}

/** The whole table. `version` grows with every change; routers acknowledge versions. */
export interface RouteTable {
  readonly version: number;
  readonly routes: readonly AppRoute[];
}

/** Control channel, server to router: newline-delimited JSON on an upgraded HTTP connection (`Upgrade: shipway-router`). */
export type RouterCommand =
  | { readonly type: 'table'; readonly table: RouteTable }
  | { readonly type: 'put'; readonly version: number; readonly route: AppRoute }
  | { readonly type: 'delete'; readonly version: number; readonly appId: string };

/** Control channel, router to server. */
export type RouterReport =
  /** First message; `version` is that of the snapshot it serves, 0 without one. */
  | { readonly type: 'hello'; readonly routerId: string; readonly pid: number; readonly version: number }
  /** `draining`: targets that have left the table and still have requests in flight. */
  | { readonly type: 'ack'; readonly version: number; readonly draining: readonly string[] }
  /** A target that is no longer routed has no request in flight any more. */
  | { readonly type: 'drained'; readonly instanceId: string }
  /** Access log lines by app, formatted without timestamp and source: `at=info method=GET ...`. `at` is unix ms. */
  | {
      readonly type: 'log';
      readonly lines: readonly { readonly appId: string; readonly at: number; readonly text: string }[];
    };

/** The server's side of the table, as rollout sees it. */
export interface Routes {
  /** Resolves when every connected router has acknowledged; a router that is away takes the table when it comes back. */
  publish(route: AppRoute): Promise<void>;
  remove(appId: string): Promise<void>;
  /** Resolves when no router has a request in flight on it, or after `timeoutMs`. Call it after the target left the table. */
  drained(instanceId: string, timeoutMs: number): Promise<void>;
}
