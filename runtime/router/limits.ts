/** Heroku's limits on requests and responses, in bytes unless named otherwise (docs: "HTTP routing"). */
export const limits = {
  requestLine: 8192,
  headerLine: 8192,
  headerName: 1000,
  headers: 1000,
  /** A whole request head; bounds what a connection can make the router hold before its request is known. */
  requestHead: 65_536,
  responseHeaderLine: 524_288,
  responseHead: 1_048_576,
  /** Bytes that a client may send ahead (pipelined requests, a body before its target is connected). */
  aheadOfTurn: 65_536,
} as const;

/** When the router gives up, in milliseconds. Tests use shorter ones. */
export interface Timeouts {
  /** TCP connect to a target (H19). */
  readonly connectMs: number;
  /** After this a request that still connects moves to another target, where there is one. */
  readonly connectElsewhereMs: number;
  /** From the request's last byte to the response's first (H12). */
  readonly firstByteMs: number;
  /** Without a byte either way after that (H15), or without a byte of an unfinished request (H28). */
  readonly idleMs: number;
  /** A held request of a booting app (H20). */
  readonly bootMs: number;
}

export interface ConnectionTimeouts {
  /** A client's connection without a request, and a request's head from its first byte to its last. */
  readonly clientIdleMs: number;
  /** An idle connection to a target. A target's own `Keep-Alive: timeout` shortens it. */
  readonly keepAliveMs: number;
  /** How long a closing connection is read on, so that a client that still sends gets its answer and not a reset. */
  readonly lingerMs: number;
}

export const appTimeouts: Timeouts = {
  connectMs: 5000,
  connectElsewhereMs: 500,
  firstByteMs: 30_000,
  idleMs: 55_000,
  bootMs: 75_000,
};

/** The platform's own host: a git push can be silent for minutes while a build waits. */
export const platformTimeouts: Timeouts = {
  connectMs: 5000,
  connectElsewhereMs: 5000,
  firstByteMs: 900_000,
  idleMs: 900_000,
  bootMs: 0,
};

export const connectionTimeouts: ConnectionTimeouts = { clientIdleMs: 60_000, keepAliveMs: 90_000, lingerMs: 5000 };
