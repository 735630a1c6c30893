import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findMachine, removeMachine, setMachine } from '../../../server/cli/netrc.ts';

const entry = { login: 'me@example.com', password: 'swp_secret' };
const written = 'machine localhost\n  login me@example.com\n  password swp_secret\n';

describe('server/cli/netrc', () => {
  it('finds an entry, however it is laid out', () => {
    for (const text of [
      'machine localhost login me@example.com password swp_secret',
      written,
      '# machine localhost login no password no\nmachine other login a password b\n\tmachine\tlocalhost\n password "swp_secret"\n login me@example.com',
      'macdef init\nmachine localhost login no password no\n\nmachine localhost login me@example.com account x password swp_secret',
    ]) {
      expect(findMachine(text, 'localhost')).toEqual(entry);
    }
    expect(findMachine('machine local login a password b', 'localhost')).toBeUndefined();
    expect(findMachine('machine a password #x#', 'a')?.password).toBe('#x#');
    expect(findMachine(String.raw`machine a password "two \"words\""`, 'a')?.password).toBe('two "words"');
  });

  it('adds an entry at the end, or before the default one', () => {
    expect(setMachine('', 'localhost', entry)).toBe(written);
    expect(setMachine('machine a login b password c', 'localhost', entry)).toBe(
      `machine a login b password c\n${written}`,
    );
    expect(setMachine('default login a password b\n', 'localhost', entry)).toBe(
      `${written}default login a password b\n`,
    );
  });

  it('changes an entry and leaves all else as it is', () => {
    const before = '# mine\nmachine a login b\n password c # not a comment\n\n';
    const after = '\nmacdef x\n  ls machine localhost\n\nmachine z login y password x\n';
    const text = `${before}machine localhost login old password old${after}`;
    expect(setMachine(text, 'localhost', entry)).toBe(before + written.trimEnd() + after);
    expect(removeMachine(`${before}${written}${after}`, 'localhost')).toBe(before + after);
  });

  it('keeps whatever is written, and whatever was there', () => {
    const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !/[\n\r]/.test(text));
    const host = fc
      .stringMatching(/^[a-z][a-z0-9.:-]{0,12}$/)
      .filter((text) => !['default', 'machine', 'macdef'].includes(text));
    const entries = fc.uniqueArray(fc.tuple(host, word, word), { selector: ([name]) => name, maxLength: 5 });
    fc.assert(
      fc.property(entries, host, word, word, (others, name, login, password) => {
        const text = others.reduce(
          (all, [one, user, secret]) => setMachine(all, one, { login: user, password: secret }),
          '',
        );
        const changed = setMachine(text, name, { login, password });
        expect(findMachine(changed, name)).toEqual({ login, password });
        for (const [one, user, secret] of others) {
          if (one !== name) expect(findMachine(changed, one)).toEqual({ login: user, password: secret });
        }
        expect(findMachine(removeMachine(changed, name), name)).toBeUndefined();
        if (!others.some(([one]) => one === name)) expect(removeMachine(changed, name)).toBe(text);
      }),
    );
  });

  it('stands any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(removeMachine(text, 'nowhere.example')).toBe(text);
        setMachine(text, 'localhost', entry);
      }),
    );
  });
});
