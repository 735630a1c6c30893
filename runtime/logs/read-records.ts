import type { Segments } from './segments.ts';

/** A stored line or mark, without its line end. `place` is the position after it: reading goes on there. */
export interface StoredRecord {
  readonly text: string;
  readonly place: number;
}

const blockBytes = 65_536;
const newline = 0x0a;

/** Records from `position` (a place) up to `end`. Where segments were deleted meanwhile it goes on with the first that is kept. */
export async function* readRecords(segments: Segments, position: number, end: number): AsyncGenerator<StoredRecord> {
  let rest: Buffer = Buffer.alloc(0);
  let next = position;
  while (next < end) {
    if (next < segments.first()) {
      next = segments.first();
      rest = Buffer.alloc(0);
      continue;
    }
    const block = await segments.read(next, Math.min(blockBytes, end - next));
    if (block.length === 0) {
      // Deleted between the look and the read; or somebody else shortened the file.
      if (next < segments.first()) continue;
      return;
    }
    const bytes = rest.length === 0 ? block : Buffer.concat([rest, block]);
    const start = next - rest.length;
    next += block.length;
    let from = 0;
    for (let to = bytes.indexOf(newline); to >= 0; to = bytes.indexOf(newline, from)) {
      yield { text: bytes.toString('utf8', from, to), place: start + to + 1 };
      from = to + 1;
    }
    rest = bytes.subarray(from);
  }
}

/** The place to read from for the last `count` records before `end` that match. Reads backwards, no more than it needs. */
export async function placeOfLast(
  segments: Segments,
  options: { readonly end: number; readonly count: number; readonly matches: (record: string) => boolean },
): Promise<number> {
  let missing = options.count;
  let position = options.end;
  // The end of a record whose beginning is in the block before.
  let rest: Buffer = Buffer.alloc(0);
  while (missing > 0 && position > segments.first()) {
    const start = Math.max(segments.startOf(position - 1), position - blockBytes);
    const block = await segments.read(start, position - start);
    if (block.length < position - start) break;
    const bytes = Buffer.concat([block, rest]);
    let to = bytes.length;
    while (to > 0) {
      const from = to < 2 ? 0 : bytes.lastIndexOf(newline, to - 2) + 1;
      if (from === 0 && start > segments.startOf(start)) break;
      if (options.matches(bytes.toString('utf8', from, to - 1))) missing -= 1;
      if (missing === 0) return start + from;
      to = from;
    }
    rest = bytes.subarray(0, to);
    position = start;
  }
  return missing > 0 ? segments.first() : options.end;
}

/** The first place at or after `position`, which a client may have made up. */
export async function nextPlace(segments: Segments, position: number): Promise<number> {
  if (!(position > segments.first())) return segments.first();
  if (position >= segments.end()) return segments.end();
  for await (const record of readRecords(segments, position - 1, segments.end())) return record.place;
  return segments.end();
}
