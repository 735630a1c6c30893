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

/** Longest value that a client can put into a line. */
const maxValueLength = 4096;
const notPlainPattern = /[^ !#-[\]-~]/;

/**
 * Heroku's router line, without timestamp and source, as it stands inside of a JSON string: its own quotes are escaped. Whatever the
 * client chose is plain ASCII, can't end a quoted value and needs no escape.
 */
export function formatAccess(access: Access): string {
  const { failure } = access;
  const start =
    failure === undefined
      ? 'at=info method='
      : `at=${failure.level} code=${failure.code ?? ''} desc=\\"${failure.description}\\" method=`;
  const connect = access.connectMs < 0 ? '' : `${Math.round(access.connectMs)}ms`;
  return (
    `${start}${access.method} path=\\"${plain(access.target)}\\" host=${access.host} request_id=${access.requestId} ` +
    `fwd=\\"${plain(access.forwardedFor)}\\" dyno=${access.instance} connect=${connect} ` +
    `service=${Math.round(access.serviceMs)}ms status=${access.status} bytes=${access.bytes} protocol=${access.protocol}`
  );
}

function plain(value: string): string {
  const cut = value.length > maxValueLength ? value.slice(0, maxValueLength) : value;
  if (!notPlainPattern.test(cut)) return cut;
  return cut.replaceAll(
    /[^ !#-[\]-~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
}
