import { rm } from 'node:fs/promises';
import type { LogLine, LogQuery, PlacedLogLine } from '../../server/domain/log.ts';
import { readCursors, saveCursors } from './cursor-file.ts';
import { type InstanceMark, matchesQuery, parseRecord, writeMark, writeRecord } from './log-record.ts';
import { nextPlace, placeOfLast, readRecords } from './read-records.ts';
import { openSegments, type SegmentLimits, type Segments } from './segments.ts';

/** What waits in memory while the disk does not take it. Beyond it lines are counted instead of kept. */
const maxPendingBytes = 4 * 2 ** 20;

interface Opened {
  readonly segments: Segments;
  readonly cursors: Map<string, string>;
}

/** The log of one app: lines wait in memory for the next flush, readers read what is on disk. */
export class AppLog {
  readonly #folder: string;
  readonly #limits: SegmentLimits;
  readonly #clock: () => Date;
  #opened: Promise<Opened> | undefined;
  #records: string[] = [];
  #marks = new Map<string, string>();
  #pendingBytes = 0;
  #droppedLines = 0;
  #writing: Promise<void> = Promise.resolve();
  #wakeUps = new Set<() => void>();
  #removed = false;

  constructor(folder: string, limits: SegmentLimits, clock: () => Date) {
    this.#folder = folder;
    this.#limits = limits;
    this.#clock = clock;
  }

  append(lines: readonly LogLine[], mark: InstanceMark | undefined): void {
    if (this.#removed) return;
    for (const line of lines) {
      // Of an instance's lines nothing is dropped: the engine keeps them, and who collects them waits for `stored`.
      if (this.#pendingBytes > maxPendingBytes && mark === undefined) {
        this.#droppedLines += 1;
        continue;
      }
      const record = writeRecord(line);
      this.#records.push(record);
      this.#pendingBytes += record.length;
    }
    if (mark !== undefined) this.#marks.set(mark.instanceId, mark.cursor);
  }

  /** Writes what waits, at once. What the disk did not take waits on. */
  flush(): Promise<void> {
    const written = this.#writing.catch(() => undefined).then(() => this.#write());
    this.#writing = written;
    return written;
  }

  /** Resolves when all that was appended is on disk, or when `signal` aborts. */
  async stored(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#removed) {
      const failed = await this.flush().then(
        () => false,
        () => true,
      );
      if (!failed) return;
      await this.#change(signal);
    }
  }

  async *read(query: LogQuery, signal: AbortSignal): AsyncGenerator<PlacedLogLine> {
    const { segments } = await this.#open();
    const matches = (line: LogLine | undefined) => line !== undefined && matchesQuery(line, query);
    const asked = { end: segments.end(), count: query.lines, matches: (text: string) => matches(parseRecord(text)) };
    let place = query.after === undefined ? await placeOfLast(segments, asked) : await nextPlace(segments, query.after);
    for (;;) {
      const end = segments.end();
      for await (const record of readRecords(segments, place, end)) {
        if (signal.aborted) return;
        const line = parseRecord(record.text);
        if (line !== undefined && matchesQuery(line, query)) yield { ...line, place: record.place };
      }
      place = end;
      if (!query.tail || signal.aborted || this.#removed) return;
      if (segments.end() === place) await this.#change(signal);
    }
  }

  async cursorOf(instanceId: string): Promise<string | undefined> {
    return (await this.#open()).cursors.get(instanceId);
  }

  async keepCursors(instanceIds: ReadonlySet<string>): Promise<void> {
    const { cursors } = await this.#open();
    for (const id of cursors.keys()) if (!instanceIds.has(id)) cursors.delete(id);
  }

  /** The log and all that waits for it. Lines that still come are dropped. */
  async remove(): Promise<void> {
    this.#removed = true;
    this.#records = [];
    this.#marks.clear();
    this.#pendingBytes = 0;
    await this.#writing.catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true });
    this.#wake();
  }

  #open(): Promise<Opened> {
    this.#opened ??= (async () => {
      const segments = await openSegments(this.#folder, this.#limits);
      return { segments, cursors: await readCursors(this.#folder, segments) };
    })();
    this.#opened.catch(() => {
      this.#opened = undefined;
    });
    return this.#opened;
  }

  async #write(): Promise<void> {
    const { segments, cursors } = await this.#open();
    if (this.#removed || (this.#records.length === 0 && this.#marks.size === 0)) return;
    const { records, marks, bytes } = this.#take();
    try {
      await segments.append(bytes, () => saveCursors(this.#folder, segments.end(), cursors));
    } catch (error) {
      this.#putBack(records, marks);
      // Somebody deleted the folder: begin anew.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') this.#opened = undefined;
      throw error;
    }
    for (const [instanceId, cursor] of marks) cursors.set(instanceId, cursor);
    this.#wake();
  }

  #take() {
    const records = this.#records;
    const marks = this.#marks;
    if (this.#droppedLines > 0) records.push(writeRecord(overflowLine(this.#clock(), this.#droppedLines)));
    const markRecords = [...marks].map(([instanceId, cursor]) => writeMark({ instanceId, cursor }));
    this.#records = [];
    this.#marks = new Map();
    this.#pendingBytes = 0;
    this.#droppedLines = 0;
    return { records, marks, bytes: Buffer.from([...records, ...markRecords].join('')) };
  }

  #putBack(records: string[], marks: ReadonlyMap<string, string>): void {
    this.#records = records.concat(this.#records);
    this.#marks = new Map([...marks, ...this.#marks]);
    this.#pendingBytes = this.#records.reduce((sum, record) => sum + record.length, 0);
  }

  #wake(): void {
    const wakeUps = this.#wakeUps;
    this.#wakeUps = new Set();
    for (const wakeUp of wakeUps) wakeUp();
  }

  /** Resolves at the next write, or when `signal` aborts. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#wakeUps.delete(done);
        resolve();
      };
      if (signal.aborted) return resolve();
      signal.addEventListener('abort', done);
      this.#wakeUps.add(done);
    });
  }
}

/** Heroku's L10: lines that there was no room for. */
function overflowLine(at: Date, lines: number): LogLine {
  const text = `Error L10 (output buffer overflow): ${lines} messages dropped, the disk did not take them.`;
  return { at, source: 'heroku', instance: 'logs', text };
}
