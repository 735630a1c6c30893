import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  configRows,
  draftRemove,
  draftReset,
  draftSet,
  draftSummary,
  nameProblem,
} from '../../../server/dashboard/rules/config-draft.ts';
import { appendLines, emptyBuffer, lineCount } from '../../../server/dashboard/rules/line-buffer.ts';
import { parseLogLine } from '../../../server/dashboard/rules/log-line.ts';
import { formatRoute, parseRoute } from '../../../server/dashboard/rules/route.ts';
import { scaleSummary, scaleUpdates } from '../../../server/dashboard/rules/scale-draft.ts';
import { readShortcut } from '../../../server/dashboard/rules/shortcuts.ts';

describe('dashboard/rules/route', () => {
  it('reads every page, and tells other addresses apart', () => {
    expect(parseRoute('/')).toEqual({ page: 'apps' });
    expect(parseRoute('/apps/')).toEqual({ page: 'apps' });
    expect(parseRoute('/apps/shop')).toEqual({ page: 'app', app: 'shop', tab: 'overview' });
    expect(parseRoute('/apps/shop/builds/b1')).toEqual({ page: 'app', app: 'shop', tab: 'builds', build: 'b1' });
    for (const path of ['/apps/shop/nothing', '/apps/shop/logs/x', '/new/x', '/%', '/apps/a/builds/b/c']) {
      expect(parseRoute(path)).toEqual({ page: 'unknown' });
    }
  });

  it('writes what it reads, for any name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (app) => {
        const route = { page: 'app', app, tab: 'config' } as const;
        expect(parseRoute(formatRoute(route))).toEqual(route);
      }),
    );
  });
});

describe('dashboard/rules/config-draft', () => {
  const stored = { A: '1', B: '2' };

  it('shows stored and new variables together with what becomes of them', () => {
    const draft = draftRemove(stored, draftSet(stored, {}, { A: '9', C: '3' }), 'B');
    expect(draft).toEqual({ A: '9', C: '3', B: null });
    const rows = configRows(stored, draft);
    expect(rows.map((row) => row.change)).toEqual(['changed', 'removed', 'added']);
    expect(draftSummary(rows)).toBe('Sets A and C, removes B.');
  });

  it('forgets a change that goes back to what is stored', () => {
    expect(draftSet(stored, { A: '9' }, { A: '1' })).toEqual({});
    expect(draftRemove(stored, { C: '3' }, 'C')).toEqual({});
    expect(draftReset({ A: null }, 'A')).toEqual({});
  });

  it('refuses names that no shell takes and those of the platform', () => {
    expect(nameProblem('DATABASE_URL')).toBeUndefined();
    expect(nameProblem('1A')).toContain('start with');
    expect(nameProblem('PORT')).toContain('set by the platform');
  });
});

describe('dashboard/rules/line-buffer', () => {
  it('keeps the newest lines in order, whatever the batches were', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(250), { maxLength: 12 }), (sizes) => {
        let buffer = emptyBuffer;
        let next = 0;
        for (const size of sizes) {
          buffer = appendLines(
            buffer,
            Array.from({ length: size }, () => `line ${next++}`),
            300,
          );
        }
        const lines = buffer.blocks.flatMap((block) => block.lines);
        expect(lines.map((line) => line.text)).toEqual(
          Array.from({ length: lines.length }, (_, index) => `line ${next - lines.length + index}`),
        );
        expect(lineCount(buffer)).toBe(lines.length);
        expect(lines.length).toBeLessThanOrEqual(300);
        expect(lines.length).toBeGreaterThanOrEqual(Math.min(next, 200));
      }),
    );
  });

  it('leaves full blocks untouched, so that they are not drawn again', () => {
    const first = appendLines(emptyBuffer, Array(150).fill('x'), 1000);
    const second = appendLines(first, ['y'], 1000);
    expect(second.blocks[0]).toBe(first.blocks[0]);
    expect(second.blocks[1]).not.toBe(first.blocks[1]);
  });
});

describe('dashboard/rules/log-line', () => {
  it("takes Heroku's form apart", () => {
    expect(parseLogLine('2026-04-26T16:58:32.943000+00:00 app[web.1]: listening: 5000')).toEqual({
      at: '2026-04-26T16:58:32.943000+00:00',
      source: 'app',
      instance: 'web.1',
      text: 'listening: 5000',
    });
  });

  it('keeps a line of another form whole', () => {
    expect(parseLogLine('hello')).toEqual({ at: '', source: '', instance: '', text: 'hello' });
  });
});

describe('dashboard/rules/scale-draft', () => {
  const formation = [
    { type: 'web', quantity: 1, size: 'Standard-1X' },
    { type: 'worker', quantity: 0, size: 'standard-1x' },
  ];

  it('sends what differs and nothing else', () => {
    const draft = { web: { quantity: 1, size: 'standard-1x' }, worker: { quantity: 2, size: 'standard-2x' } };
    expect(scaleUpdates(formation, draft)).toEqual([{ type: 'worker', quantity: 2, size: 'standard-2x' }]);
    expect(scaleSummary(scaleUpdates(formation, draft))).toBe('worker to 2 × standard-2x');
  });
});

describe('dashboard/rules/shortcuts', () => {
  it('reads single keys and pairs', () => {
    expect(readShortcut('', '/')).toEqual({ do: 'search' });
    expect(readShortcut('g', 'l')).toEqual({ do: 'tab', tab: 'logs' });
    expect(readShortcut('', 'l')).toBeUndefined();
    expect(readShortcut('g', '/')).toBeUndefined();
  });
});
