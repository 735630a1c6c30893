import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;

// One timer for all times on the page, and none while nothing shows a time.
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = new Date();
  for (const listener of listeners) listener();
}

function read(): Date {
  if (timer === undefined) now = secondOf(new Date());
  return now;
}

/** Equal within a second, so that reading twice in one rendering gives one value. */
function secondOf(at: Date): Date {
  return Math.floor(at.getTime() / 1000) === Math.floor(now.getTime() / 1000) ? now : at;
}

/** The time, to the second; the component is drawn again when it changes. */
export function useNow(): Date {
  return useSyncExternalStore(subscribe, read);
}
