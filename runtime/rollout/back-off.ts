import type { Crash } from './observed.ts';

const hourMs = 3_600_000;
const longestCrashWaitMs = 600_000;
const longestRetryWaitMs = 30_000;

/** Doubles from `firstMs`; up to a tenth more, so that what fell together does not rise together; never over the cap. */
function growingWait(firstMs: number, doublings: number, capMs: number, random: () => number): number {
  return Math.min(capMs, firstMs * 2 ** Math.min(doublings, 30) * (1 + random() / 10));
}

/** First restart at once, then 1 s doubling to 10 minutes; an hour up clears the count. It never gives up, and never spins. */
export function nextCrash(
  previous: Crash | undefined,
  exit: { readonly uptimeMs: number; readonly nowMs: number },
  random: () => number,
): Crash {
  const count = previous === undefined || exit.uptimeMs >= hourMs ? 1 : previous.count + 1;
  const waitMs = count === 1 ? 0 : growingWait(1_000, count - 2, longestCrashWaitMs, random);
  return { count, restartAtMs: exit.nowMs + waitMs };
}

/** Between tries of what the platform itself could not do. */
export function retryWait(failures: number, random: () => number): number {
  return growingWait(250, failures - 1, longestRetryWaitMs, random);
}
