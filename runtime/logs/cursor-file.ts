import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { parseMark } from './log-record.ts';
import { readRecords } from './read-records.ts';
import type { Segments } from './segments.ts';

/** Instance id -> how far its output was read. */
export type Cursors = ReadonlyMap<string, string>;

const schema = z.object({ position: z.number(), cursors: z.record(z.string(), z.string()) });
const fileName = 'cursors.json';

/**
 * Marks of the whole log, without reading it all: those up to `position` are in this file, which is written when a segment begins; later ones are
 * in the log itself.
 */
export async function readCursors(folder: string, segments: Segments): Promise<Map<string, string>> {
  const saved = await readSaved(path.join(folder, fileName));
  const cursors = new Map(Object.entries(saved.cursors));
  for await (const { text } of readRecords(segments, saved.position, segments.end())) {
    const mark = parseMark(text);
    if (mark !== undefined) cursors.set(mark.instanceId, mark.cursor);
  }
  return cursors;
}

async function readSaved(file: string): Promise<z.output<typeof schema>> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // None yet, or not ours: the log has the marks of at least its newest segments.
    return { position: 0, cursors: {} };
  }
}

/** `cursors` must be those of all marks before `position`. */
export async function saveCursors(folder: string, position: number, cursors: Cursors): Promise<void> {
  const file = path.join(folder, fileName);
  const handle = await open(`${file}.new`, 'w');
  try {
    await handle.writeFile(JSON.stringify({ position, cursors: Object.fromEntries(cursors) }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}
