/** RFC 9110 section 5.6.2. */
export const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * All field lines of a head, each with its CRLF (RFC 9112 section 5). One pass refuses a bare CR or LF, NUL and other
 * control characters, a space before the colon, a line without a name, and obs-fold. Its classes are disjoint where they
 * meet, so it runs in linear time.
 */
export const fieldLinesPattern = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;

/** Digits only, and few enough to be counted exactly (RFC 9112 section 6.3; no sign, no list, no space). */
export const contentLengthPattern = /^\d{1,15}$/;

/** RFC 3986 host with an optional port, as the Host field has it (RFC 9110 section 7.2). */
export const hostPattern = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

const space = 0x20;
const tab = 0x09;

/** The value between `start` and `end` without optional whitespace around it. String.trim would take away more (0xA0). */
export function fieldValue(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isOws(text.charCodeAt(from))) from++;
  while (to > from && isOws(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/**
 * Which lengths the names of `names` have, by length: most fields of a message are none of the router's, and their length alone says
 * so for a fraction of what a comparison costs.
 */
export function nameLengths(names: readonly string[]): readonly boolean[] {
  const longest = Math.max(...names.map((name) => name.length));
  return Array.from({ length: longest + 1 }, (_, length) => names.some((name) => name.length === length));
}

/** Elements of a comma-separated list, lower case (RFC 9110 section 5.6.1). */
export function listTokens(value: string): readonly string[] {
  return value
    .split(',')
    .map((part) => fieldValue(part, 0, part.length).toLowerCase())
    .filter((part) => part !== '');
}

function isOws(code: number): boolean {
  return code === space || code === tab;
}
