import { fieldValueBytes, fieldValueOf, span, tokenBytes } from './http-grammar.ts';

const colonCode = 0x3a;

/**
 * Walks over the field lines of a head, each with its CRLF (RFC 9112 section 5): `next` moves to a line, the members say where it
 * is. It refuses a bare CR or LF, NUL and other control characters, a space before the colon, a line without a name, and obs-fold.
 */
export class FieldLines {
  /** True once a line is not one. */
  malformed = false;
  /** Of the current line: its first character, its colon, its CRLF. */
  start: number;
  colon = 0;
  end = 0;
  private readonly text: string;
  private following: number;
  private readonly stop: number;

  constructor(text: string, from: number, to: number) {
    this.text = text;
    this.start = from;
    this.following = from;
    this.stop = to;
  }

  /** False after the last line, and at one that is malformed. */
  next(): boolean {
    const { text, following } = this;
    if (following >= this.stop) return false;
    const colon = span(tokenBytes, text, following);
    if (colon === following || text.charCodeAt(colon) !== colonCode) return this.refuse();
    const end = span(fieldValueBytes, text, colon + 1);
    if (!text.startsWith('\r\n', end)) return this.refuse();
    this.start = following;
    this.colon = colon;
    this.end = end;
    this.following = end + 2;
    return true;
  }

  /** Lower case. */
  name(): string {
    return this.text.slice(this.start, this.colon).toLowerCase();
  }

  value(): string {
    return fieldValueOf(this.text, this.colon + 1, this.end);
  }

  private refuse(): boolean {
    this.malformed = true;
    return false;
  }
}

/**
 * Picks out names by length and first letter: most fields of a message are none of the router's, and this says so for a
 * fraction of what a comparison costs.
 */
export class NameFilter {
  private readonly keys: Uint8Array;

  constructor(names: readonly string[]) {
    this.keys = new Uint8Array(32 * 32);
    for (const name of names) this.keys[filterKey(name.length, name.charCodeAt(0))] = 1;
  }

  /** True for all of the names, whatever their case, and for few others. */
  admits(text: string, start: number, colon: number): boolean {
    const length = colon - start;
    return length < 32 && this.keys[filterKey(length, text.charCodeAt(start))] === 1;
  }
}

/** The low five bits of a letter are the same in both cases. */
function filterKey(length: number, firstCode: number): number {
  return length * 32 + (firstCode & 31);
}
