import type { Failure } from './failure.ts';

export interface Access {
  /** Undefined for an answer of the app itself. */
  readonly failure: Failure | undefined;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly requestId: string;
  /** The whole X-Forwarded-For, this client last. */
  readonly forwardedFor: string;
  /** `web.1`; empty when no instance had it. */
  readonly instance: string;
  /** -1: there was no connection. */
  readonly connectMs: number;
  readonly serviceMs: number;
  readonly status: number;
  readonly bytes: number;
  readonly protocol: 'http' | 'https';
}

/** Heroku's router line, without timestamp and source. Whatever the client chose cannot end a quoted value. */
export function formatAccess(access: Access): string {
  const { failure } = access;
  const start =
    failure === undefined ? 'at=info' : `at=${failure.level} code=${failure.code ?? ''} desc="${failure.description}"`;
  const connect = access.connectMs < 0 ? '' : `${Math.round(access.connectMs)}ms`;
  return (
    `${start} method=${access.method} path="${quoted(access.target)}" host=${access.host} request_id=${access.requestId} ` +
    `fwd="${quoted(access.forwardedFor)}" dyno=${access.instance} connect=${connect} ` +
    `service=${Math.round(access.serviceMs)}ms status=${access.status} bytes=${access.bytes} protocol=${access.protocol}`
  );
}

function quoted(value: string): string {
  return value.includes('"') ? value.replaceAll('"', '%22') : value;
}
