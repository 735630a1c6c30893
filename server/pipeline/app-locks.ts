/** Runs one task of an app at a time, in the order they came; apps do not wait for each other. */
export type AppLocks = <T>(appId: string, task: () => Promise<T>) => Promise<T>;

export function createAppLocks(): AppLocks {
  const tails = new Map<string, Promise<unknown>>();
  return async (appId, task) => {
    const before = tails.get(appId) ?? Promise.resolve();
    const mine = before.then(task, task);
    tails.set(appId, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(appId) === mine) tails.delete(appId);
    }
  };
}
