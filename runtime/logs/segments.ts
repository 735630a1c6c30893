import { appendFile, mkdir, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';

/**
 * One app's log as files of bytes, each named after the position of its first byte, so that any position is found by a seek.
 * Positions count from the app's first byte ever and go on when old segments are deleted. A segment ends with a whole line.
 */
export interface Segments {
  /** The first position that is still kept. */
  first(): number;
  end(): number;
  /** One write. `onRoll` runs before a new segment is begun. Nothing is stored when it throws. */
  append(bytes: Buffer, onRoll: () => Promise<void>): Promise<void>;
  /** Up to `length` bytes from `position`, not beyond its segment; empty at the end, or where the segment was deleted meanwhile. */
  read(position: number, length: number): Promise<Buffer>;
  /** Where the segment that holds `position` begins. */
  startOf(position: number): number;
}

export interface SegmentLimits {
  readonly segmentBytes: number;
  /** Of all segments; the oldest go first. */
  readonly maxBytes: number;
}

/** Opens what is there and cuts a line that a crash left unfinished. The folder is made by the first write. */
export async function openSegments(folder: string, limits: SegmentLimits): Promise<Segments> {
  const starts = await listStarts(folder);
  const fileOf = (start: number) => path.join(folder, `${String(start).padStart(16, '0')}.log`);
  const last = starts.at(-1);
  let end = last === undefined ? 0 : last + (await repairEnd(fileOf(last)));
  const startOf = (position: number) => starts.findLast((start) => start <= position) ?? position;

  async function roll(onRoll: () => Promise<void>): Promise<void> {
    const current = starts.at(-1);
    if (current !== undefined && end - current < limits.segmentBytes) return;
    await mkdir(folder, { recursive: true });
    await onRoll();
    // An empty one that a failed write left keeps its name.
    if (current !== end) starts.push(end);
    for (let next = starts[1]; next !== undefined && end - next >= limits.maxBytes; next = starts[1]) {
      await rm(fileOf(starts.shift() ?? 0), { force: true });
    }
  }

  return {
    first: () => starts[0] ?? 0,
    end: () => end,
    startOf,
    append: async (bytes, onRoll) => {
      await roll(onRoll);
      const current = starts.at(-1) ?? 0;
      const file = fileOf(current);
      try {
        await appendFile(file, bytes);
        end += bytes.length;
      } catch (error) {
        // A full disk takes a part of it: readers must never see half a line.
        await truncate(file, end - current).catch(() => undefined);
        throw error;
      }
    },
    read: async (position, length) => {
      const start = startOf(position);
      const segmentEnd = starts.find((other) => other > position) ?? end;
      return readPart(fileOf(start), position - start, Math.min(length, segmentEnd - position));
    },
  };
}

async function listStarts(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(ifMissing<string[]>([]));
  return names
    .filter((name) => /^\d{16}\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}

async function readPart(file: string, offset: number, length: number): Promise<Buffer> {
  if (length <= 0) return Buffer.alloc(0);
  const handle = await open(file).catch(ifMissing(undefined));
  if (handle === undefined) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

const blockBytes = 65_536;
const newline = 0x0a;

/** Cuts the file after its last line end. @returns its size. */
async function repairEnd(file: string): Promise<number> {
  const { size } = await stat(file);
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - blockBytes);
    const found = (await readPart(file, start, end - start)).lastIndexOf(newline);
    end = found < 0 ? start : start + found + 1;
    if (found >= 0) break;
  }
  if (end < size) await truncate(file, end);
  return end;
}

function ifMissing<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return value;
    throw error;
  };
}
