import { describe, expect, it } from 'vitest';
import { checkPassword, hashPassword } from '../../../server/store/password.ts';

describe('server/store/password', () => {
  it('keeps its parameters with the hash, and knows the password again in either Unicode form', async () => {
    const hash = await hashPassword('pässword');
    expect(hash).toMatch(/^scrypt\$15\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
    expect(await checkPassword('pässword', hash)).toBe(true);
    expect(await checkPassword('pässword', hash)).toBe(true);
    expect(await checkPassword('password', hash)).toBe(false);
  });

  it('checks a hash that was made with other parameters', async () => {
    // RFC 7914, section 12: N = 1024, r = 8, p = 16; the first 32 bytes of the key.
    const salt = Buffer.from('NaCl').toString('base64url');
    const key = Buffer.from('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162', 'hex');
    expect(await checkPassword('password', `scrypt$10$8$16$${salt}$${key.toString('base64url')}`)).toBe(true);
  });

  it('says no where there is no hash', async () => {
    expect(await checkPassword('', undefined)).toBe(false);
    expect(await checkPassword('', '')).toBe(false);
  });
});
