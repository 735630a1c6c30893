import { connect } from 'node:net';
import { type Clock, sleep } from './clock.ts';

export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
}

/** Whether the instance can take requests. Answers within `timeoutMs`; never throws. */
export type Probe = (target: ProbeTarget, options: { readonly timeoutMs: number }) => Promise<boolean>;

/** Healthy is what accepts a TCP connection: the router asks for no more. */
export const probeTcp: Probe = ({ host, port }, { timeoutMs }) =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const answer = (healthy: boolean) => {
      socket.destroy();
      resolve(healthy);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });

const firstPauseMs = 10;
const longestPauseMs = 250;
const attemptTimeoutMs = 250;

/**
 * Asks until it answers; false when `signal` aborts first. Pauses grow by a tenth: a process that boots in 100 ms is
 * seen within 10 ms, one that takes a minute costs four connects a second.
 */
export async function untilHealthy(options: {
  readonly probe: Probe;
  readonly target: ProbeTarget;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<boolean> {
  const { probe, target, clock, signal } = options;
  for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(longestPauseMs, pauseMs * 1.1)) {
    if (await probe(target, { timeoutMs: attemptTimeoutMs })) return !signal.aborted;
    await sleep(clock, pauseMs, signal);
  }
  return false;
}
