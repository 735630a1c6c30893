import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

interface Cost {
  readonly log2n: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP's password storage cheat sheet: N = 2^15, r = 8, p = 3, which takes 32 MiB while it runs. */
const currentCost: Cost = { log2n: 15, r: 8, p: 3 };
const keyBytes = 32;

function derive(password: string, salt: Buffer, { log2n, r, p }: Cost): Promise<Buffer> {
  const N = 2 ** log2n;
  return new Promise((resolve, reject) => {
    // Normalised, so that one password typed on two keyboards is one (RFC 8265, section 4.2.2).
    scrypt(password.normalize('NFC'), salt, keyBytes, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** `scrypt$<log2 N>$<r>$<p>$<salt>$<key>`: parameters are kept with each hash, so that they can grow. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, currentCost);
  const { log2n, r, p } = currentCost;
  return ['scrypt', log2n, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Without a hash (no such user) it works as long as with one, so that its time does not tell who has an account. */
export async function checkPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, log2n, r, p, salt, key] = (hash ?? '').split('$');
  if (salt === undefined || key === undefined) {
    await derive(password, Buffer.alloc(16), currentCost);
    return false;
  }
  const cost = { log2n: Number(log2n), r: Number(r), p: Number(p) };
  const derived = await derive(password, Buffer.from(salt, 'base64url'), cost);
  const expected = Buffer.from(key, 'base64url');
  return derived.length === expected.length && timingSafeEqual(derived, expected);
}
