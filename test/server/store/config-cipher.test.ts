import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createConfigCipher } from '../../../server/store/config-cipher.ts';

const cipher = createConfigCipher('ab'.repeat(32));
const owner = { appId: 'one', version: 3 };

describe('server/store/config-cipher', () => {
  it('opens what it sealed', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), (configVars) => {
        expect(cipher.open(cipher.seal(configVars, owner), owner)).toEqual({ ...configVars });
      }),
    );
  });

  it('never seals the same twice', () => {
    const seal = () => cipher.seal({ A: '1' }, owner).toString('hex');
    expect(seal()).not.toBe(seal());
  });

  it('refuses another release, another app, another key, and changed bytes', () => {
    const sealed = cipher.seal({ A: '1' }, owner);
    expect(() => cipher.open(sealed, { ...owner, version: 4 })).toThrow();
    expect(() => cipher.open(sealed, { ...owner, appId: 'two' })).toThrow();
    expect(() => createConfigCipher('cd'.repeat(32)).open(sealed, owner)).toThrow();
    for (let place = 0; place < sealed.length; place += 1) {
      const changed = Buffer.from(sealed);
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect(() => cipher.open(changed, owner)).toThrow();
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => cipher.open(sealed.subarray(0, length), owner)).toThrow();
    }
  });
});
