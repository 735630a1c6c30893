/** 1 for each byte of a set, so that text is checked by looking up instead of comparing. */
export type ByteSet = Uint8Array;

function byteSet(pattern: RegExp): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, code) => (pattern.test(String.fromCharCode(code)) ? 1 : 0));
}

/** RFC 9110 section 5.6.2. */
export const tokenBytes = byteSet(/[!#$%&'*+.^_`|~0-9A-Za-z-]/);
/** RFC 9110 section 5.5, obs-text included. */
export const fieldValueBytes = byteSet(/[\t\x20-\x7e\x80-\xff]/);
/** Visible ASCII but '#': a fragment is never sent (RFC 9112 section 3.2), other bytes are percent-encoded. */
export const targetBytes = byteSet(/["!$-~]/);

/** Where the bytes of `set` end that begin at `from`. `text` is latin1. */
export function span(set: ByteSet, text: string, from: number): number {
  let at = from;
  while (set[text.charCodeAt(at)] === 1) at++;
  return at;
}

export function isToken(text: string): boolean {
  return text !== '' && span(tokenBytes, text, 0) === text.length;
}

/** Digits only, and few enough to be counted exactly (RFC 9112 section 6.3; no sign, no list, no space). */
export const contentLengthPattern = /^\d{1,15}$/;

/** RFC 3986 host with an optional port, as the Host field has it (RFC 9110 section 7.2). */
export const hostPattern = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

const space = 0x20;
const tab = 0x09;

/** The value between `start` and `end` without optional whitespace around it. String.trim would take away more (0xA0). */
export function fieldValueOf(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isOws(text.charCodeAt(from))) from++;
  while (to > from && isOws(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Elements of a comma-separated list, lower case (RFC 9110 section 5.6.1). */
export function listTokens(value: string): readonly string[] {
  return value
    .split(',')
    .map((part) => fieldValueOf(part, 0, part.length).toLowerCase())
    .filter((part) => part !== '');
}

function isOws(code: number): boolean {
  return code === space || code === tab;
}
