import { formatAccess } from './access-log.ts';
import { failures } from './failure.ts';
import type { RouterCore } from './router-core.ts';

/** A line for the app that a refused request seems to be for, so that its owner can see why a client gets 400. */
export function logRefused(
  core: RouterCore,
  request: { readonly text: string; readonly address: string; readonly bodyBytes: number },
): void {
  const { text, address, bodyBytes } = request;
  const host = /^host:[ \t]*([A-Za-z0-9.-]+)/im.exec(text)?.[1]?.toLowerCase();
  const route = host === undefined ? undefined : core.fleet.routes.match(host);
  if (host === undefined || route === undefined) return;
  const requestLine = /^([A-Z]{1,20}) ([!-~]{1,2000})[ \r]/.exec(text);
  const line = formatAccess({
    failure: failures.H26,
    method: requestLine?.[1] ?? '',
    target: requestLine?.[2] ?? '',
    host,
    requestId: '',
    forwardedFor: address,
    instance: '',
    connectMs: -1,
    serviceMs: 0,
    status: failures.H26.status,
    bytes: bodyBytes,
    protocol: 'http',
  });
  core.logAccess(route.appId, Date.now(), line);
}
