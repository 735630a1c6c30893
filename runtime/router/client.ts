import type { Socket } from 'node:net';
import type { ErrorPage } from './error-page.ts';
import type { PendingBytes } from './pending-bytes.ts';

/** The connection that a request came on, as the request uses it. */
export interface Client {
  readonly socket: Socket;
  /** IP address. */
  readonly address: string;
  /** What it sent and nobody used yet: the request's body, or the next requests. */
  readonly pending: PendingBytes;
  /** When the request's `onDeadline` is called, in milliseconds of performance.now(). */
  deadlineAt: number;
  /** Writes the router's own answer; its body's length in bytes comes back. */
  answer(page: ErrorPage): number;
  /** The response is complete: the next request's turn, or the end. `now`: of performance.now(). */
  endExchange(keepAlive: boolean, now: number): void;
  /** Ends it in the middle of a response. `reset`: only that tells the client that the body is not whole. */
  cut(reset: boolean): void;
  /** Reads on unless too much waits for its turn, or the target takes no more. */
  adjustFlow(): void;
}
