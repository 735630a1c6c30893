import { describe, expect, it } from 'vitest';
import { createRequestBudget } from '../../../server/api/request-budget.ts';

describe('server/api/request-budget', () => {
  it('stops a user who asks without end, alone, and lets go on with time', () => {
    const clock = { now: new Date(0) };
    const budget = createRequestBudget({ clock: () => clock.now });
    for (let left = 29_999; left >= 0; left -= 1) {
      expect(budget.take('one')).toEqual({ remaining: left, retryAfterS: undefined });
    }
    expect(budget.take('one')).toEqual({ remaining: 0, retryAfterS: 1 });
    expect(budget.take('two')).toEqual({ remaining: 29_999, retryAfterS: undefined });
    clock.now = new Date(1_000);
    expect(budget.take('one')).toEqual({ remaining: 49, retryAfterS: undefined });
  });
});
