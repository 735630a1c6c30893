import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looksLikeEnvFile, parseEnvFile } from '../../../server/dashboard/rules/env-file.ts';

describe('dashboard/rules/env-file', () => {
  it('reads names and values as .env files have them', () => {
    const text = [
      '# database',
      'DATABASE_URL=postgres://a:b@c/d?x=1#y',
      'export NODE_ENV = production # not this',
      "SINGLE='a $b \\n'",
      'DOUBLE="a\\nb \\"c\\""',
      'EMPTY=',
      '',
    ].join('\r\n');
    expect(parseEnvFile(text)).toEqual({
      vars: {
        DATABASE_URL: 'postgres://a:b@c/d?x=1#y',
        NODE_ENV: 'production',
        SINGLE: 'a $b \\n',
        DOUBLE: 'a\nb "c"',
        EMPTY: '',
      },
      problems: [],
    });
  });

  it('reads quoted values over several lines', () => {
    const { vars } = parseEnvFile('KEY="-----BEGIN\nabc\n-----END"\nNEXT=1');
    expect(vars).toEqual({ KEY: '-----BEGIN\nabc\n-----END', NEXT: '1' });
  });

  it('takes a quote that never closes as part of the value', () => {
    expect(parseEnvFile('A="b\nC=d').vars).toEqual({ A: '"b', C: 'd' });
  });

  it('names the lines that it cannot read', () => {
    expect(parseEnvFile('A=1\nnonsense\n=3').problems).toEqual([
      { line: 2, text: 'nonsense' },
      { line: 3, text: '=3' },
    ]);
  });

  it('takes an assignment for a file, and a bare name not', () => {
    expect(looksLikeEnvFile('A=1')).toBe(true);
    expect(looksLikeEnvFile('A=1\nB=2')).toBe(true);
    expect(looksLikeEnvFile('DATABASE_URL')).toBe(false);
  });

  it('gives back any value that was quoted', () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (vars) => {
        const text = Object.entries(vars)
          .map(
            ([key, value]) =>
              `${key}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\r', '\\r')}"`,
          )
          .join('\n');
        expect(Object.entries(parseEnvFile(text).vars).toSorted()).toEqual(Object.entries(vars).toSorted());
      }),
    );
  });

  it('ends for any text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('A', '=', '"', "'", '\\', '\n', '#', ' ', 'export ')), (parts) => {
        parseEnvFile(parts.join(''));
      }),
    );
  });
});
