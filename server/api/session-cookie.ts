import type { IncomingMessage } from 'node:http';
import { ShipwayError } from '../domain/error.ts';

export const sessionLifetimeS = 30 * 24 * 3600;

export interface SessionCookie {
  read(request: IncomingMessage): string | undefined;
  write(secret: string): string;
  clear(): string;
}

/**
 * Apps live on hosts below the platform's own. The cookie names no Domain, so they never get it; over https its name
 * begins with `__Host-`, so that they cannot plant one either (RFC 6265bis, section 4.1.3.2).
 */
export function createSessionCookie({ baseUrl }: { readonly baseUrl: string }): SessionCookie {
  const secure = baseUrl.startsWith('https:');
  const name = secure ? '__Host-shipway' : 'shipway_session';
  const attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  return {
    read(request) {
      const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
      return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
    },
    write: (secret) => `${name}=${secret}; ${attributes}; Max-Age=${sessionLifetimeS}`,
    clear: () => `${name}=; ${attributes}; Max-Age=0`,
  };
}

function isOwnOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** An app's page is of the same site as the dashboard, and SameSite lets its requests pass: the origin decides. @throws ShipwayError forbidden */
export function assertSameOrigin(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  const siteIsOwn = site === undefined || site === 'same-origin' || site === 'none';
  if (!siteIsOwn || !isOwnOrigin(request)) {
    throw new ShipwayError('forbidden', 'The dashboard alone may use its session. Use a token for anything else.');
  }
}

/** No form of another page can send this header without asking first (CORS). @throws ShipwayError forbidden */
export function assertFromDashboard(request: IncomingMessage): void {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead && request.headers['x-requested-with'] !== 'shipway-dashboard') {
    throw new ShipwayError(
      'forbidden',
      'A change with the session needs the header X-Requested-With: shipway-dashboard.',
    );
  }
}
