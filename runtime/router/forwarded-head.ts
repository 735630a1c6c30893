import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

/** What the router adds to every request (docs: Heroku's "HTTP routing", headers). */
export interface Forwarding {
  readonly requestId: string;
  /** Unix ms. */
  readonly startedAt: number;
  /** The whole X-Forwarded-For, this client last. */
  readonly forwardedFor: string;
  readonly protocol: 'http' | 'https';
  readonly port: number;
}

export function writeRequestHead(head: RequestHead, forwarding: Forwarding): string {
  return (
    `${head.method} ${head.target} HTTP/1.1\r\n${head.fields}X-Request-Id: ${forwarding.requestId}\r\n` +
    `X-Request-Start: ${forwarding.startedAt}\r\nX-Forwarded-For: ${forwarding.forwardedFor}\r\n` +
    `X-Forwarded-Proto: ${forwarding.protocol}\r\nX-Forwarded-Port: ${forwarding.port}\r\nVia: 1.${head.minorVersion} shipway\r\n` +
    (head.upgrade === undefined ? '\r\n' : `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n\r\n`)
  );
}

/** `keepAlive`: whether the client's connection goes on after this response. */
export function writeResponseHead(head: ResponseHead, keepAlive: boolean): string {
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields}Via: 1.1 shipway\r\n${connectionField(head, keepAlive)}\r\n`;
}

function connectionField(head: ResponseHead, keepAlive: boolean): string {
  if (head.status === 101) return `Connection: Upgrade\r\nUpgrade: ${head.upgrade ?? ''}\r\n`;
  return keepAlive || head.status < 200 ? '' : 'Connection: close\r\n';
}
