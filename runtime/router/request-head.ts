import { parseConnection } from './connection-field.ts';
import { FieldLines, NameFilter } from './field-lines.ts';
import { chunked, type Framing } from './framing.ts';
import { contentLengthPattern, hostPattern, span, targetBytes, tokenBytes } from './http-grammar.ts';
import { limits } from './limits.ts';

export interface RequestHead {
  readonly method: string;
  /** Origin form, or `*`. */
  readonly target: string;
  readonly minorVersion: 0 | 1;
  /** As received, with its port. */
  readonly host: string;
  readonly framing: Framing;
  /** Whether the client wants to send another request on this connection. */
  readonly keepAlive: boolean;
  /** Protocol of a wished upgrade, as received. */
  readonly upgrade: string | undefined;
  /** Value of Expect, lower case. */
  readonly expect: string | undefined;
  readonly requestId: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly accept: string | undefined;
  /** The field lines that are passed on unchanged, each with its CRLF: end to end, and not rewritten by the router. */
  readonly fields: string;
}

/** Why a head is refused, as told to the client. */
export interface HeadProblem {
  readonly problem: string;
}

const routersFields = new NameFilter([
  'host',
  'content-length',
  'transfer-encoding',
  'accept',
  'connection',
  'upgrade',
  'expect',
  'x-request-id',
  'x-forwarded-for',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-request-start',
]);
const malformedLine = 'The request line is not `METHOD target HTTP/1.1`, or HTTP/1.0.';
const requestIdPattern = /^[A-Za-z0-9-]{20,200}$/;
/** Fields that a Connection header may not name: dropping them would change what the message means. */
const unnameable = new Set(['host', 'content-length', 'transfer-encoding', 'cookie', 'authorization']);

/** What the fields say, collected while they are read. */
interface Fields {
  host: string | undefined;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  connection: string | undefined;
  upgrade: string | undefined;
  expect: string | undefined;
  requestId: string | undefined;
  forwardedFor: string | undefined;
  accept: string | undefined;
  passed: string;
}

/**
 * Parses a request's head, strictly (RFC 9110, 9112). `text` is latin1, from the request line to the CRLF of the last field line,
 * without the empty line; it ends at `to`.
 */
export function parseRequestHead(text: string, to = text.length): RequestHead | HeadProblem {
  const methodEnd = span(tokenBytes, text, 0);
  const targetEnd = span(targetBytes, text, methodEnd + 1);
  const lineEnd = targetEnd + ' HTTP/1.1'.length;
  if (lineEnd > limits.requestLine) return { problem: 'The request line is longer than 8,192 bytes.' };
  if (methodEnd === 0 || text[methodEnd] !== ' ') return { problem: malformedLine };
  if (text[targetEnd] !== ' ') return { problem: 'The request target holds bytes that must be percent-encoded.' };
  const isLatest = text.startsWith(' HTTP/1.1\r\n', targetEnd);
  if (targetEnd === methodEnd + 1 || !(isLatest || text.startsWith(' HTTP/1.0\r\n', targetEnd))) {
    return { problem: malformedLine };
  }
  const method = text.slice(0, methodEnd);
  if (method === 'CONNECT') return { problem: 'CONNECT is not served.' };
  const fields = readFields(text, lineEnd + 2, to);
  if (typeof fields === 'string') return { problem: fields };
  return assembleHead(method, text.slice(methodEnd + 1, targetEnd), isLatest ? 1 : 0, fields);
}

/** One pass over the lines: notes what the router acts on, keeps what it passes on. A string says what is wrong. */
function readFields(text: string, from: number, to: number): Fields | string {
  const fields = noFields();
  const lines = new FieldLines(text, from, to);
  let count = 0;
  let keptFrom = from;
  while (lines.next()) {
    if (lines.end - lines.start > limits.headerLine) return 'A header line is longer than 8,192 bytes.';
    if (lines.colon - lines.start > limits.headerName) return 'A header name is longer than 1,000 bytes.';
    if (++count > limits.headers) return 'There are more than 1,000 headers.';
    if (!routersFields.admits(text, lines.start, lines.colon)) continue;
    const verdict = noteField(fields, lines);
    if (verdict === 'drop') {
      fields.passed += text.slice(keptFrom, lines.start);
      keptFrom = lines.end + 2;
    } else if (verdict !== 'keep') return verdict;
  }
  if (lines.malformed) return 'A header line is malformed.';
  fields.passed += text.slice(keptFrom, to);
  return fields;
}

function noFields(): Fields {
  return {
    host: undefined,
    contentLength: undefined,
    transferEncoding: undefined,
    connection: undefined,
    upgrade: undefined,
    expect: undefined,
    requestId: undefined,
    forwardedFor: undefined,
    accept: undefined,
    passed: '',
  };
}

/** `keep`, `drop`, or what is wrong. */
function noteField(fields: Fields, lines: FieldLines): string {
  switch (lines.name()) {
    case 'host':
      if (fields.host !== undefined) return 'There is more than one Host header.';
      fields.host = lines.value();
      return 'keep';
    case 'content-length':
      if (fields.contentLength !== undefined) return 'There is more than one Content-Length header.';
      fields.contentLength = lines.value();
      return 'keep';
    case 'transfer-encoding':
      if (fields.transferEncoding !== undefined) return 'There is more than one Transfer-Encoding header.';
      fields.transferEncoding = lines.value();
      return 'keep';
    case 'accept':
      fields.accept = lines.value();
      return 'keep';
    case 'connection':
      fields.connection = joined(fields.connection, lines.value());
      return 'drop';
    case 'upgrade':
      fields.upgrade = joined(fields.upgrade, lines.value());
      return 'drop';
    case 'expect':
      fields.expect = joined(fields.expect, lines.value()).toLowerCase();
      return 'drop';
    case 'x-request-id':
      fields.requestId = lines.value();
      return 'drop';
    case 'x-forwarded-for':
      fields.forwardedFor = joined(fields.forwardedFor, lines.value());
      return 'drop';
    case 'keep-alive':
    case 'proxy-connection':
    case 'proxy-authorization':
    case 'te':
    case 'x-forwarded-proto':
    case 'x-forwarded-port':
    case 'x-request-start':
      return 'drop';
    default:
      return 'keep';
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

function assembleHead(method: string, target: string, minorVersion: 0 | 1, fields: Fields): RequestHead | HeadProblem {
  if (fields.host === undefined) return { problem: 'There is no Host header.' };
  if (!hostPattern.test(fields.host)) return { problem: 'The Host header is not a host name.' };
  const framing = requestFraming(fields, minorVersion);
  if (typeof framing === 'string') return { problem: framing };
  const originForm = toOriginForm(method, target, fields.host);
  if (originForm === undefined)
    return { problem: 'The request target is not a path, or names another host than Host.' };
  const { close, upgrade, named } = parseConnection(fields.connection);
  if (named.some((name) => unnameable.has(name))) {
    return { problem: 'The Connection header names a header that is not hop-by-hop.' };
  }
  return {
    method,
    target: originForm,
    minorVersion,
    host: fields.host,
    framing,
    keepAlive: minorVersion === 1 && !close,
    upgrade: minorVersion === 1 && upgrade ? fields.upgrade : undefined,
    // RFC 9110 section 10.1.1: an HTTP/1.0 client's expectation is ignored.
    expect: minorVersion === 1 ? fields.expect : undefined,
    requestId: fields.requestId !== undefined && requestIdPattern.test(fields.requestId) ? fields.requestId : undefined,
    forwardedFor: fields.forwardedFor === '' ? undefined : fields.forwardedFor,
    accept: fields.accept,
    fields: named.length === 0 ? fields.passed : withoutFields(fields.passed, named),
  };
}

/** RFC 9112 section 6.3, without its lenient branches. A string says what is wrong. */
function requestFraming(fields: Fields, minorVersion: 0 | 1): Framing | string {
  if (fields.transferEncoding !== undefined) {
    if (fields.contentLength !== undefined) return 'There are both Content-Length and Transfer-Encoding.';
    if (minorVersion === 0) return 'HTTP/1.0 has no Transfer-Encoding.';
    if (fields.transferEncoding.toLowerCase() !== 'chunked') return 'The only Transfer-Encoding served is chunked.';
    return chunked;
  }
  if (fields.contentLength === undefined) return 0;
  return contentLengthPattern.test(fields.contentLength)
    ? Number(fields.contentLength)
    : 'The Content-Length is not a plain number of bytes.';
}

/**
 * Origin form of any target (RFC 9112 section 3.2). An absolute form is taken only for the host that the Host header names:
 * a request that names two hosts is an attack or a mistake.
 */
function toOriginForm(method: string, target: string, host: string): string | undefined {
  if (target.startsWith('/')) return target;
  if (target === '*') return method === 'OPTIONS' ? target : undefined;
  const absolute = /^https?:\/\/([^/?]+)(.*)$/i.exec(target);
  const authority = absolute?.[1];
  const rest = absolute?.[2];
  if (authority === undefined || rest === undefined || authority.toLowerCase() !== host.toLowerCase()) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The lines without those named: they are hop-by-hop because Connection says so (RFC 9110 section 7.6.1). */
export function withoutFields(lines: string, names: readonly string[]): string {
  return lines
    .split(/(?<=\r\n)/)
    .filter((line) => !names.includes(line.slice(0, line.indexOf(':')).toLowerCase()))
    .join('');
}
