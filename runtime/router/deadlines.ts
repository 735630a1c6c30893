/** Something that must not wait for ever. `deadlineAt` is in milliseconds of performance.now(); Infinity: none. */
export interface Timed {
  readonly deadlineAt: number;
  onDeadline(now: number): void;
}

export interface Deadlines {
  add(timed: Timed): void;
  delete(timed: Timed): void;
  stop(): void;
}

/**
 * One timer for all connections: moving a deadline is storing a number, where a timer each would cost every request.
 * Deadlines are met up to `everyMs` late.
 */
export function createDeadlines(everyMs: number): Deadlines {
  const all = new Set<Timed>();
  const timer = setInterval(() => {
    const now = performance.now();
    for (const timed of all) if (timed.deadlineAt <= now) timed.onDeadline(now);
  }, everyMs);
  timer.unref();
  return {
    add: (timed) => void all.add(timed),
    delete: (timed) => void all.delete(timed),
    stop: () => clearInterval(timer),
  };
}
