export interface Line {
  /** Grows by one with each line: the key under which it is drawn. */
  readonly number: number;
  readonly text: string;
}

export interface LineBlock {
  readonly start: number;
  readonly lines: readonly Line[];
}

/** The newest lines of a stream in blocks: an append replaces the last block and leaves the others as they are, so that a page redraws one block. */
export interface LineBuffer {
  readonly blocks: readonly LineBlock[];
  readonly next: number;
  /** How many lines left at the old end. */
  readonly dropped: number;
}

export const emptyBuffer: LineBuffer = { blocks: [], next: 0, dropped: 0 };

const blockSize = 100;

/** Keeps at most `limit` lines, and at least `limit - blockSize` once it is full: whole blocks go. */
export function appendLines(buffer: LineBuffer, texts: readonly string[], limit: number): LineBuffer {
  if (texts.length === 0) return buffer;
  const blocks = [...buffer.blocks];
  let next = buffer.next;
  const last = blocks.at(-1);
  let open = last !== undefined && last.lines.length < blockSize ? blocks.pop() : undefined;
  for (const text of texts) {
    const line = { number: next, text };
    open = open === undefined ? { start: next, lines: [line] } : { start: open.start, lines: [...open.lines, line] };
    next += 1;
    if (open.lines.length === blockSize) {
      blocks.push(open);
      open = undefined;
    }
  }
  if (open !== undefined) blocks.push(open);
  return dropOldest({ blocks, next, dropped: buffer.dropped }, limit);
}

function dropOldest(buffer: LineBuffer, limit: number): LineBuffer {
  let { dropped } = buffer;
  let from = 0;
  while (from < buffer.blocks.length - 1 && buffer.next - dropped > limit) {
    dropped += buffer.blocks[from]?.lines.length ?? 0;
    from += 1;
  }
  return from === 0 ? buffer : { blocks: buffer.blocks.slice(from), next: buffer.next, dropped };
}

export function lineCount(buffer: LineBuffer): number {
  return buffer.next - buffer.dropped;
}
