import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

type ConfigVars = Readonly<Record<string, string>>;

/** Whose config vars: bound to the ciphertext, so that one cannot be moved to another release (AES-GCM's additional data). */
interface Owner {
  readonly appId: string;
  readonly version: number;
}

export interface ConfigCipher {
  seal(configVars: ConfigVars, owner: Owner): Buffer;
  /** @throws Error when the bytes were changed, belong to another release, or another key sealed them. */
  open(sealed: Buffer, owner: Owner): ConfigVars;
}

const algorithm = 'aes-256-gcm';
const keyVersion = 1;
const nonceBytes = 12;
const tagBytes = 16;

/** `secretKey` is 32 bytes in hex. Sealed form: key version (1 byte), nonce (12), tag (16), ciphertext. */
export function createConfigCipher(secretKey: string): ConfigCipher {
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(secretKey, 'hex'), '', 'shipway config vars', 32));
  const boundTo = ({ appId, version }: Owner) => Buffer.from(`${keyVersion}:${appId}:${version}`);
  return {
    seal(configVars, owner) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(boundTo(owner));
      const ciphertext = Buffer.concat([cipher.update(JSON.stringify(configVars), 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(keyVersion), nonce, cipher.getAuthTag(), ciphertext]);
    },
    open(sealed, owner) {
      if (sealed[0] !== keyVersion) throw new Error(`Config vars are sealed with key version ${sealed[0]}.`);
      const nonce = sealed.subarray(1, 1 + nonceBytes);
      const tag = sealed.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
        .setAAD(boundTo(owner))
        .setAuthTag(tag);
      const text = Buffer.concat([decipher.update(sealed.subarray(1 + nonceBytes + tagBytes)), decipher.final()]);
      return JSON.parse(text.toString('utf8'));
    },
  };
}
