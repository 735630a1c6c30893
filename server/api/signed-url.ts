import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { ShipwayError } from '../domain/error.ts';

/** Streams are read by clients that send no token: their URL is the permission, for one thing and a short time. */
export interface UrlSigner {
  /** Path and query, as the client asks for it. */
  sign(path: string, query: Readonly<Record<string, string>>, lifetimeS: number): string;
  /** Query of a URL that was signed here. @throws ShipwayError forbidden when it was changed, made up, or is too old. */
  verify(url: string): URLSearchParams;
}

/** Where a reader resumes is its own choice. */
const unsigned = new Set(['signature', 'after']);

/** `secretKey` is 32 bytes in hex. */
export function createUrlSigner({
  secretKey,
  clock,
}: {
  readonly secretKey: string;
  readonly clock: () => Date;
}): UrlSigner {
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(secretKey, 'hex'), '', 'shipway stream urls', 32));
  const digest = (path: string, query: URLSearchParams) => {
    const signed = [...query].filter(([name]) => !unsigned.has(name));
    return createHmac('sha256', key)
      .update(JSON.stringify([path, signed]))
      .digest();
  };
  return {
    sign(path, query, lifetimeS) {
      // In steps of the lifetime: asked again soon, the URL is the same, and so is the ETag of what names it.
      const nowS = clock().getTime() / 1000;
      const expires = (Math.floor(nowS / lifetimeS) + 2) * lifetimeS;
      const params = new URLSearchParams({ ...query, expires: String(expires) });
      params.set('signature', digest(path, params).toString('base64url'));
      return `${path}?${params}`;
    },
    verify(url) {
      const { pathname, searchParams } = new URL(url, 'http://localhost');
      const given = Buffer.from(searchParams.get('signature') ?? '', 'base64url');
      const expected = digest(pathname, searchParams);
      const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
      if (!isOurs || Number(searchParams.get('expires')) * 1000 < clock().getTime()) {
        throw new ShipwayError('forbidden', 'This URL is not valid (any more). Ask the API for a new one.');
      }
      return searchParams;
    },
  };
}
