import { describe, expect, it } from 'vitest';
import { duration, relativeTime } from '../../../server/dashboard/rules/relative-time.ts';

const now = new Date('2026-11-23T12:00:00Z');
const at = (seconds: number) => relativeTime(new Date(now.getTime() - seconds * 1000), now);

describe('dashboard/rules/relative-time', () => {
  it('says how long ago in the largest unit that fits', () => {
    expect([2, 12, 59, 60, 3599, 7200, 3 * 86_400, 29 * 86_400].map(at)).toEqual([
      'just now',
      '12 s ago',
      '59 s ago',
      '1 min ago',
      '59 min ago',
      '2 h ago',
      '3 d ago',
      '29 d ago',
    ]);
  });

  it('gives the date after a month', () => {
    expect(at(40 * 86_400)).toBe('2026-10-14');
  });

  it('takes a clock that is ahead as now', () => {
    expect(at(-90)).toBe('just now');
  });

  it('writes durations with the precision that matters', () => {
    expect([0, 12.4, 999, 1000, 4230, 59_949, 59_950, 65_000, 3_600_000, 7_380_000].map(duration)).toEqual([
      '0 ms',
      '12 ms',
      '999 ms',
      '1.0 s',
      '4.2 s',
      '59.9 s',
      '1 min 00 s',
      '1 min 05 s',
      '1 h 00 min',
      '2 h 03 min',
    ]);
  });
});
