import { isToken } from './http-grammar.ts';

/** Longest line of chunk size and extensions, longest trailer line, most trailer lines. */
const maxSizeLine = 512;
const maxTrailerLine = 8192;
const maxTrailers = 100;
const cr = 0x0d;
const lf = 0x0a;

// A quoted extension value is refused: no sender needs one, and parsers disagree on where it ends.
const sizeLinePattern = /^([0-9A-Fa-f]{1,12})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=[!#$%&'*+.^_`|~0-9A-Za-z-]+)?)*$/;
const trailerValuePattern = /^[\t\x20-\x7e\x80-\xff]*$/;
/** RFC 9110 section 6.5.1: fields that frame, route or authenticate a message do not belong in its trailers. */
const refusedTrailers = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

type State = 'line' | 'line-feed' | 'data' | 'data-end' | 'data-end-feed' | 'done' | 'invalid';

/**
 * Follows chunked framing (RFC 9112 section 7.1) without changing it: the bytes are forwarded as they came, once they are
 * known to be valid. Can be fed in pieces of any size.
 */
export class ChunkedScanner {
  private state: State = 'line';
  private line = '';
  private remaining = 0;
  private inTrailers = false;
  private trailers = 0;

  get done(): boolean {
    return this.state === 'done';
  }

  /**
   * Reads `chunk` from `from` and answers the end of what belongs to this body, or -1 when it is malformed.
   * `onData` hears which ranges are content.
   */
  scan(chunk: Buffer, from: number, onData?: (start: number, end: number) => void): number {
    let at = from;
    while (at < chunk.length && this.state !== 'done' && this.state !== 'invalid') {
      if (this.state === 'data') {
        const end = Math.min(chunk.length, at + this.remaining);
        onData?.(at, end);
        this.remaining -= end - at;
        at = end;
        if (this.remaining === 0) this.state = 'data-end';
      } else if (this.state === 'line') at = this.readLine(chunk, at);
      else this.expectByte(chunk[at++]);
    }
    return this.state === 'invalid' ? -1 : at;
  }

  /** Takes what this chunk holds of a size or trailer line. */
  private readLine(chunk: Buffer, at: number): number {
    const found = chunk.indexOf(cr, at);
    const end = found === -1 ? chunk.length : found;
    const limit = this.inTrailers ? maxTrailerLine : maxSizeLine;
    if (this.line.length + end - at > limit) {
      this.state = 'invalid';
      return at;
    }
    this.line += chunk.toString('latin1', at, end);
    // A bare LF would leave the scanner waiting for a CR that a lenient peer does not need.
    if (this.line.includes('\n')) this.state = 'invalid';
    else if (found !== -1) this.state = 'line-feed';
    return found === -1 ? end : end + 1;
  }

  private expectByte(byte: number | undefined): void {
    if (this.state === 'data-end') this.state = byte === cr ? 'data-end-feed' : 'invalid';
    else if (byte !== lf) this.state = 'invalid';
    else if (this.state === 'data-end-feed') this.state = 'line';
    else {
      const line = this.line;
      this.line = '';
      this.state = this.inTrailers ? this.afterTrailer(line) : this.afterSize(line);
    }
  }

  private afterSize(line: string): State {
    const size = sizeLinePattern.exec(line)?.[1];
    if (size === undefined) return 'invalid';
    this.remaining = Number.parseInt(size, 16);
    this.inTrailers = this.remaining === 0;
    return this.inTrailers ? 'line' : 'data';
  }

  private afterTrailer(line: string): State {
    if (line === '') return 'done';
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    const valid =
      isToken(name) && !refusedTrailers.has(name.toLowerCase()) && trailerValuePattern.test(line.slice(colon));
    return valid && ++this.trailers <= maxTrailers ? 'line' : 'invalid';
  }
}
