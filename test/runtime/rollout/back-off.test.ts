import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextCrash, retryWait } from '../../../runtime/rollout/back-off.ts';
import type { Crash } from '../../../runtime/rollout/observed.ts';

describe('runtime/rollout/back-off', () => {
  it('restarts at once, then after 1 s, doubling to 10 minutes', () => {
    const waits: number[] = [];
    let crash: Crash | undefined;
    for (let index = 0; index < 13; index += 1) {
      crash = nextCrash(crash, { uptimeMs: 10, nowMs: 0 }, () => 0);
      waits.push(crash.restartAtMs / 1000);
    }
    expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
  });

  it('forgets crashes after an hour up', () => {
    const crash = nextCrash({ count: 9, restartAtMs: 0 }, { uptimeMs: 3_600_000, nowMs: 5 }, () => 0.5);
    expect(crash).toEqual({ count: 1, restartAtMs: 5 });
  });

  it('stays within a tenth and the cap, however often', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (count, jitter) => {
        const { restartAtMs } = nextCrash({ count, restartAtMs: 0 }, { uptimeMs: 0, nowMs: 0 }, () => jitter);
        const plain = Math.min(600_000, 1_000 * 2 ** Math.min(count - 1, 30));
        expect(restartAtMs).toBeGreaterThanOrEqual(plain);
        expect(restartAtMs).toBeLessThanOrEqual(Math.min(600_000, plain * 1.1));
        expect(retryWait(count, () => jitter)).toBeLessThanOrEqual(30_000);
      }),
    );
  });
});
