/** A token bucket for each user: enough for dashboards that ask every second, not for a loop that ran away. */
export interface RequestBudget {
  take(userId: string): { readonly remaining: number; readonly retryAfterS: number | undefined };
}

const capacity = 30_000;
const refillPerS = 50;

export function createRequestBudget({ clock }: { readonly clock: () => Date }): RequestBudget {
  const buckets = new Map<string, { level: number; atMs: number }>();
  return {
    take(userId) {
      const nowMs = clock().getTime();
      const bucket = buckets.get(userId) ?? { level: capacity, atMs: nowMs };
      const refill = (Math.max(0, nowMs - bucket.atMs) / 1000) * refillPerS;
      const level = Math.min(capacity, bucket.level + refill);
      const allowed = level >= 1;
      buckets.set(userId, { level: allowed ? level - 1 : level, atMs: nowMs });
      return { remaining: Math.floor(allowed ? level - 1 : 0), retryAfterS: allowed ? undefined : 1 };
    },
  };
}
