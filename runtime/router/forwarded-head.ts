import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

/** What the router adds to every request (docs: Heroku's "HTTP routing", headers). */
export interface Forwarding {
  readonly requestId: string;
  /** Unix ms. */
  readonly startedAt: number;
  /** The whole X-Forwarded-For, this client last. */
  readonly forwardedFor: string;
  /** See writeOriginFields. */
  readonly originFields: string;
}

/** What is the same for all requests of a listener. */
export function writeOriginFields(protocol: 'http' | 'https', port: number): string {
  return `X-Forwarded-Proto: ${protocol}\r\nX-Forwarded-Port: ${port}\r\n`;
}

export function writeRequestHead(head: RequestHead, forwarding: Forwarding): string {
  return (
    `${head.method} ${head.target} HTTP/1.1\r\n${head.fields}X-Request-Id: ${forwarding.requestId}\r\n` +
    `X-Request-Start: ${forwarding.startedAt}\r\nX-Forwarded-For: ${forwarding.forwardedFor}\r\n` +
    forwarding.originFields +
    (head.minorVersion === 1 ? 'Via: 1.1 shipway\r\n' : 'Via: 1.0 shipway\r\n') +
    (head.upgrade === undefined ? '\r\n' : `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n\r\n`)
  );
}

/** `keepAlive`: whether the client's connection goes on after this response. */
export function writeResponseHead(head: ResponseHead, keepAlive: boolean): string {
  return `${head.statusLine}\r\n${head.fields}${closingFields(head, keepAlive)}`;
}

function closingFields(head: ResponseHead, keepAlive: boolean): string {
  if (head.status === 101) {
    return `Via: 1.1 shipway\r\nConnection: Upgrade\r\nUpgrade: ${head.upgrade ?? ''}\r\n\r\n`;
  }
  return keepAlive || head.status < 200 ? 'Via: 1.1 shipway\r\n\r\n' : 'Via: 1.1 shipway\r\nConnection: close\r\n\r\n';
}
