import type { Backend } from './backend.ts';
import type { Deadlines } from './deadlines.ts';
import type { Fleet } from './fleet.ts';
import type { ConnectionTimeouts, Timeouts } from './limits.ts';

/** What every connection of a router shares. */
export interface RouterCore {
  readonly fleet: Fleet;
  readonly deadlines: Deadlines;
  /** X-Forwarded-Proto and X-Forwarded-Port of the listener. */
  readonly originFields: string;
  /** Host names that go to the platform's server. */
  readonly platformHosts: ReadonlySet<string>;
  readonly platform: Backend;
  readonly appTimeouts: Timeouts;
  readonly platformTimeouts: Timeouts;
  readonly connectionTimeouts: ConnectionTimeouts;
  /** True once connections are to end after the response that they carry. */
  stopping(): boolean;
  /** `at` is unix ms, `text` as formatAccess has it. */
  logAccess(appId: string, at: number, text: string): void;
}
