import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ListShape, type Page, pageOf, parseRange } from '../../../server/api/range.ts';
import { ShipwayError } from '../../../server/domain/error.ts';

interface Item {
  readonly version: number;
}
const shape: ListShape<Item> = { keys: { version: ({ version }) => version, name: ({ version }) => `n${version}` } };

describe('server/api/range', () => {
  it('reads what the heroku CLI and heroku-client send', () => {
    expect(parseRange('version ..; order=desc,max=15', shape)).toMatchObject({ by: 'version', order: 'desc', max: 15 });
    expect(parseRange('version ..; max=1, order=desc', shape)).toMatchObject({ by: 'version', order: 'desc', max: 1 });
    expect(parseRange('name ..; max=1000;', shape)).toMatchObject({ by: 'name', order: 'asc', max: 1000 });
    expect(parseRange('version ..; order=desc', shape)).toMatchObject({ order: 'desc', max: 200 });
    expect(parseRange('version ]5..9', shape)).toMatchObject({ start: '5', startIsOutside: true, end: '9' });
    expect(parseRange(undefined, shape)).toMatchObject({ by: 'version', order: 'asc', max: 200 });
  });

  it.each([
    '',
    'bytes=0-5',
    'id ..',
    'version',
    'version ..; order=up',
    'version ..; max=0',
    'version ..; max=x',
    'constructor ..',
  ])('refuses %j', (header) => {
    expect(() => parseRange(header, shape)).toThrow(expect.objectContaining({ code: 'range_not_satisfiable' }));
  });

  it('never fails on any header but by refusing it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^version \]?[a-z0-9.]*\.\.[a-z0-9.]*(;.*)?$/)), (header) => {
        try {
          pageOf([{ version: 1 }], parseRange(header, shape), shape);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ShipwayError);
        }
      }),
    );
  });

  it('gives each item once, whoever follows Next-Range', () => {
    const versions = fc.uniqueArray(fc.nat(10_000), { maxLength: 60 });
    fc.assert(
      fc.property(
        versions,
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('asc', 'desc'),
        fc.constantFrom('version', 'name'),
        (all, max, order, by) => {
          const items = all.map((version) => ({ version }));
          const seen: number[] = [];
          let next: string | undefined = `${by} ..; order=${order},max=${max}`;
          while (next !== undefined) {
            const page: Page<Item> = pageOf(items, parseRange(next, shape), shape);
            seen.push(...page.items.map(({ version }) => version));
            next = page.headers['Next-Range'];
            expect(page.isPart).toBe(next !== undefined);
          }
          expect(seen.toSorted((left, right) => left - right)).toEqual(all.toSorted((left, right) => left - right));
        },
      ),
    );
  });
});
