import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuthorization } from '../../../server/api/credentials.ts';

describe('server/api/credentials', () => {
  it('reads any name and password back', () => {
    const name = fc.string({ unit: 'binary' }).filter((text) => !text.includes(':') && text.isWellFormed());
    const secret = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(name, secret, (name, secret) => {
        const header = `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;
        expect(parseAuthorization(header)).toEqual({ scheme: 'basic', name, secret });
      }),
    );
  });

  it('takes any header without failing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `Basic ${text}`),
        ),
        (header) => {
          parseAuthorization(header);
        },
      ),
    );
    for (const header of [undefined, '', 'Bearer', 'Basic', 'Bearer a b', 'Digest x', `Basic ${btoa('no colon')}`]) {
      expect(parseAuthorization(header)).toBeUndefined();
    }
  });
});
