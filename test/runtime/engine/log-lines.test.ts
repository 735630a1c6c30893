import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineReader, maxLineBytes, parseCursor, sinceOf, splitLine } from '../../../runtime/engine/log-lines.ts';
import type { StdioFrame } from '../../../runtime/engine/stdio-frames.ts';

const stampOf = (second: number) => `2026-04-26T16:58:${String(second).padStart(2, '0')}.943253123Z`;

function entry(second: number, text: string | Buffer, stream: StdioFrame['stream'] = 'stdout'): StdioFrame {
  return { stream, bytes: Buffer.concat([Buffer.from(`${stampOf(second)} `), Buffer.from(text)]) };
}

describe('createLineReader', () => {
  it('reads time, stream and text, without the line end', () => {
    const read = createLineReader(undefined);
    expect(read(entry(1, 'hello\r\n', 'stderr'))).toEqual([
      { at: new Date('2026-04-26T16:58:01.943Z'), stream: 'stderr', text: 'hello', cursor: `${stampOf(1)}/1` },
    ]);
    expect(read(entry(2, '\n'))).toMatchObject([{ text: '' }]);
  });

  it('joins a character that the engine cut in two, and ends a line that was cut at its end', () => {
    const read = createLineReader(undefined);
    const euro = Buffer.from('a€');
    expect(read(entry(1, euro.subarray(0, 3)))).toMatchObject([{ text: 'a' }]);
    expect(read(entry(1, Buffer.concat([euro.subarray(3), Buffer.from('b\n')])))).toMatchObject([{ text: '€b' }]);
    expect(read(entry(2, 'whole'))).toMatchObject([{ text: 'whole' }]);
    expect(read(entry(2, '\n'))).toEqual([]);
  });

  // Stamps repeat: entries of one long line share theirs.
  const log = fc
    .array(fc.record({ wait: fc.integer({ min: 0, max: 1 }), text: fc.string({ maxLength: 5 }), long: fc.boolean() }), {
      minLength: 1,
      maxLength: 30,
    })
    .map((lines) => {
      let second = 0;
      return lines.map(({ wait, text, long }) => {
        second += wait;
        return entry(second, `${text.replaceAll(/[\r\n]/g, '')}${long ? 'x'.repeat(maxLineBytes + 5) : ''}\n`);
      });
    });

  it('goes on after any whole entry without loss or repeat', () => {
    fc.assert(
      fc.property(log, fc.nat(), (entries, place) => {
        const all = entries.map(createLineReader(undefined));
        const stop = place % entries.length;
        const cursor = parseCursor(all[stop]?.at(-1)?.cursor ?? '');
        // The engine starts at the cursor's instant, that instant included.
        const offered = entries.filter((frame) => frame.bytes.toString('latin1', 0, 30) >= (cursor?.stamp ?? ''));
        expect(offered.flatMap(createLineReader(cursor))).toEqual(all.slice(stop + 1).flat());
      }),
    );
  });

  it('repeats, and never loses, when it was stopped inside an entry', () => {
    const entries = [entry(1, 'first\n'), entry(2, `${'x'.repeat(maxLineBytes)}rest\n`)];
    const [first, piece] = entries.flatMap(createLineReader(undefined));
    expect(piece?.cursor).toBe(first?.cursor);
    // Inside the first entry of all: from the beginning again.
    const [fresh] = createLineReader(undefined)(entry(2, `${'x'.repeat(maxLineBytes)}rest\n`));
    expect(parseCursor(fresh?.cursor ?? '')).toBeUndefined();
  });
});

describe('splitLine', () => {
  it('keeps every byte, the limit, and whole characters', () => {
    const text = fc.string({ unit: 'binary', maxLength: 100 });
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 50 }), (line, limit) => {
        const bytes = Buffer.from(line);
        const pieces = splitLine(bytes, limit);
        expect(Buffer.concat(pieces)).toEqual(bytes);
        expect(pieces.every((piece) => piece.length <= limit)).toBe(true);
        expect(pieces.map((piece) => piece.toString()).join('')).toBe(bytes.toString());
      }),
    );
  });

  it('ends on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 4, max: 20 }), (bytes, limit) => {
        expect(Buffer.concat(splitLine(Buffer.from(bytes), limit))).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

describe('sinceOf', () => {
  it('is exact to the nanosecond', () => {
    expect(sinceOf({ stamp: '2026-04-26T16:58:32.000000001Z', count: 1 })).toBe('1777222712.000000001');
  });
});

describe('parseCursor', () => {
  it('takes nothing but its own form', () => {
    expect(parseCursor(`${stampOf(1)}/12`)).toEqual({ stamp: stampOf(1), count: 12 });
    for (const text of ['', '/1', '2026-04-26/1', `${stampOf(1)}`, `${stampOf(1)}/x`]) {
      expect(parseCursor(text)).toBeUndefined();
    }
  });
});
