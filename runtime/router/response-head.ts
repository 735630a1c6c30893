import { parseConnection } from './connection-field.ts';
import { FieldLines, NameFilter } from './field-lines.ts';
import { chunked, type Framing, untilClose } from './framing.ts';
import { contentLengthPattern } from './http-grammar.ts';
import { limits } from './limits.ts';
import { withoutFields } from './request-head.ts';

export interface ResponseHead {
  readonly status: number;
  /** Of HTTP/1.1, whatever the target speaks. */
  readonly statusLine: string;
  readonly framing: Framing;
  /** Whether the target takes another request on this connection. */
  readonly keepAlive: boolean;
  /** Seconds of the target's `Keep-Alive: timeout=`, after which it may close. */
  readonly keepAliveS: number | undefined;
  /** Protocol that was switched to, with status 101. */
  readonly upgrade: string | undefined;
  /** The field lines that are passed on unchanged, each with its CRLF. */
  readonly fields: string;
}

export type ResponseProblem = 'malformed' | 'over-limit';

interface Fields {
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  connection: string | undefined;
  keepAlive: string | undefined;
  upgrade: string | undefined;
  passed: string;
}

const routersFields = new NameFilter([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'proxy-connection',
]);
const statusLinePattern = /^HTTP\/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?$/;

/**
 * Parses a response's head, strictly: what stands in `text` between `from` and `to`, as parseRequestHead has it. `method` decides
 * whether a body follows.
 */
export function parseResponseHead(
  text: string,
  method: string,
  from = 0,
  to = text.length,
): ResponseHead | ResponseProblem {
  const lineEnd = text.indexOf('\r\n', from);
  if (lineEnd - from > limits.responseHeaderLine) return 'over-limit';
  const statusLine = text.slice(from, lineEnd);
  if (!statusLinePattern.test(statusLine)) return 'malformed';
  const fields = readFields(text, lineEnd + 2, to);
  if (typeof fields === 'string') return fields;
  const status = Number(statusLine.slice(9, 12));
  const framing = responseFraming(fields, status, method);
  if (framing === undefined) return 'malformed';
  const isLatest = statusLine.startsWith('HTTP/1.1');
  const { close, named } = parseConnection(fields.connection);
  // RFC 9110 section 8.6 and RFC 9112 section 6.1: neither field belongs on a 1xx or 204, and a client might believe it.
  const dropped = status < 200 || status === 204 ? [...named, 'content-length', 'transfer-encoding'] : named;
  return {
    status,
    statusLine: isLatest && statusLine.length > 12 ? statusLine : `HTTP/1.1 ${status} ${statusLine.slice(13)}`,
    framing,
    keepAlive: isLatest && framing !== untilClose && !close,
    keepAliveS: fields.keepAlive === undefined ? undefined : keepAliveTimeout(fields.keepAlive),
    upgrade: fields.upgrade,
    fields: dropped.length === 0 ? fields.passed : withoutFields(fields.passed, dropped),
  };
}

/** Seconds, from `timeout=5, max=100`. */
function keepAliveTimeout(value: string): number | undefined {
  const seconds = /\btimeout=(\d{1,6})\b/.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

function readFields(text: string, from: number, to: number): Fields | ResponseProblem {
  const fields: Fields = {
    contentLength: undefined,
    transferEncoding: undefined,
    connection: undefined,
    keepAlive: undefined,
    upgrade: undefined,
    passed: '',
  };
  const lines = new FieldLines(text, from, to);
  let keptFrom = from;
  while (lines.next()) {
    if (lines.end - lines.start > limits.responseHeaderLine) return 'over-limit';
    if (!routersFields.admits(text, lines.start, lines.colon)) continue;
    const verdict = noteField(fields, lines);
    if (verdict === 'malformed') return verdict;
    if (verdict === 'drop') {
      fields.passed += text.slice(keptFrom, lines.start);
      keptFrom = lines.end + 2;
    }
  }
  if (lines.malformed) return 'malformed';
  fields.passed += text.slice(keptFrom, to);
  return fields;
}

function noteField(fields: Fields, lines: FieldLines): 'keep' | 'drop' | 'malformed' {
  switch (lines.name()) {
    case 'content-length':
      if (fields.contentLength !== undefined) return 'malformed';
      fields.contentLength = lines.value();
      return 'keep';
    case 'transfer-encoding':
      if (fields.transferEncoding !== undefined) return 'malformed';
      fields.transferEncoding = lines.value();
      return 'keep';
    case 'connection': {
      const value = lines.value();
      fields.connection = fields.connection === undefined ? value : `${fields.connection}, ${value}`;
      return 'drop';
    }
    case 'keep-alive':
      fields.keepAlive = lines.value();
      return 'drop';
    case 'upgrade':
      fields.upgrade = lines.value();
      return 'drop';
    case 'proxy-connection':
      return 'drop';
    default:
      return 'keep';
  }
}

/** RFC 9112 section 6.3; undefined for a response whose length two readers could see differently. */
function responseFraming(fields: Fields, status: number, method: string): Framing | undefined {
  const { contentLength, transferEncoding } = fields;
  if (contentLength !== undefined && (transferEncoding !== undefined || !contentLengthPattern.test(contentLength))) {
    return undefined;
  }
  if (transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked') return undefined;
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0;
  if (transferEncoding !== undefined) return chunked;
  return contentLength === undefined ? untilClose : Number(contentLength);
}
