import { describe, expect, it } from 'vitest';
import { fuzzPktLine } from './pkt-line.ts';

describe('test/fuzz/pkt-line', () => {
  it('finds nothing in a short run', async () => {
    expect(await fuzzPktLine({ seconds: 1, seed: 1 })).toBeGreaterThan(0);
  });
});
