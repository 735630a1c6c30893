import type { EngineLogLine } from '../../server/domain/engine.ts';
import type { StdioFrame } from './stdio-frames.ts';

/** Heroku's longest line. */
export const maxLineBytes = 10_000;

/** How far a log was read: the last time stamp, and how many entries with that stamp were read. */
export interface LogCursor {
  /** RFC 3339 with nanoseconds, as the engine wrote it. */
  readonly stamp: string;
  readonly count: number;
}

/** @returns undefined for what `writeCursor` did not write: reading then starts at the beginning. */
export function parseCursor(text: string): LogCursor | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)\/(\d+)$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  return { stamp: match[1], count: Number(match[2]) };
}

function writeCursor(cursor: LogCursor): string {
  return `${cursor.stamp}/${cursor.count}`;
}

/** The engine's `since`: seconds and nanoseconds. It includes that instant. */
export function sinceOf(cursor: LogCursor): string {
  return `${Math.floor(Date.parse(cursor.stamp) / 1000)}.${cursor.stamp.slice(20, 29)}`;
}

/**
 * Entries of /logs (with time stamps) as lines. The engine cuts a long line into entries of 16 KiB that share one stamp; each becomes lines of
 * its own, so that every entry is a place to resume at. Entries up to `after` are skipped.
 */
export function createLineReader(after: LogCursor | undefined): (frame: StdioFrame) => EngineLogLine[] {
  let read: LogCursor = after ?? { stamp: '', count: 0 };
  let seen = 0;
  const open: Record<StdioFrame['stream'], Buffer | undefined> = { stdout: undefined, stderr: undefined };

  return ({ stream, bytes }) => {
    const entry = parseEntry(bytes);
    const before = read;
    read = { stamp: entry.stamp, count: seen > 0 && read.stamp === entry.stamp ? read.count + 1 : 1 };
    seen += 1;
    if (after !== undefined && read.stamp === after.stamp && read.count <= after.count) return [];

    const carried = open[stream];
    const whole = carried === undefined ? entry.body : Buffer.concat([carried, entry.body]);
    const end = entry.complete ? whole.length : characterBoundary(whole, whole.length);
    open[stream] = entry.complete ? undefined : whole.subarray(end);
    // The end of a line that was cut exactly there.
    if (carried !== undefined && end === 0) return [];
    const pieces = splitLine(whole.subarray(0, end), maxLineBytes);
    const at = new Date(entry.stamp);
    // Only the last piece moves the cursor: who stops in between reads the entry again, and loses nothing.
    return pieces.map((piece, index) => ({
      at,
      stream,
      text: piece.toString(),
      cursor: writeCursor(index === pieces.length - 1 ? read : before),
    }));
  };
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;

/** `<RFC 3339 nano> <text>[\n]`; without the line end it is a part of a longer line. */
function parseEntry(bytes: Buffer): { readonly stamp: string; readonly body: Buffer; readonly complete: boolean } {
  const gap = bytes.indexOf(space);
  const complete = bytes.at(-1) === newline;
  const end = complete ? bytes.length - (bytes.at(-2) === carriageReturn ? 2 : 1) : bytes.length;
  return { stamp: bytes.toString('latin1', 0, gap), body: bytes.subarray(gap + 1, end), complete };
}

/** Cuts into pieces of at most `limit` bytes (4 or more), never inside a UTF-8 character. An empty line is one piece. */
export function splitLine(line: Buffer, limit: number): Buffer[] {
  const pieces: Buffer[] = [];
  let start = 0;
  while (line.length - start > limit) {
    const end = start + characterBoundary(line.subarray(start), limit);
    pieces.push(line.subarray(start, end));
    start = end;
  }
  pieces.push(line.subarray(start));
  return pieces;
}

/** The last place at or before `end` that is not inside a UTF-8 character; `end` itself where the bytes are not UTF-8. */
function characterBoundary(bytes: Buffer, end: number): number {
  for (let back = 1; back <= 4 && back < end; back += 1) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return sequenceLength(byte) > back ? end - back : end;
  }
  return end;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}
