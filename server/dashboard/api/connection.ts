/** Whether the API answers, as the last requests saw it. One per page, read by useSyncExternalStore. */
export interface Connection {
  readonly isAway: () => boolean;
  readonly report: (away: boolean) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

export function createConnection(): Connection {
  const listeners = new Set<() => void>();
  let current = false;
  return {
    isAway: () => current,
    report: (away) => {
      if (away === current) return;
      current = away;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
