import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileLogs, type FileLogsOptions } from '../../../runtime/logs/file-logs.ts';
import type { LogLine, LogQuery } from '../../../server/domain/log.ts';

const never = new AbortController().signal;
const at = new Date('2026-04-26T16:58:32.943Z');
const everything: LogQuery = { lines: 100_000, tail: false };

function line(text: string, change: Partial<LogLine> = {}): LogLine {
  return { at, source: 'app', instance: 'web.1', text, ...change };
}

describe('file logs', () => {
  let root: string;
  const noted: string[] = [];
  const open = (change: Partial<FileLogsOptions> = {}) =>
    createFileLogs({ root, clock: () => at, log: (text) => noted.push(text), ...change });
  const read = (logs: ReturnType<typeof open>, query: Partial<LogQuery> = {}, appId = 'app') =>
    Array.fromAsync(logs.read(appId, { ...everything, ...query }, never));
  const texts = (lines: readonly LogLine[]) => lines.map(({ text }) => text);

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'logs-'));
    noted.length = 0;
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('gives back what was appended, after a restart too, whatever the batches and segments', async () => {
    const someLine = fc.record({
      text: fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll(/\r?\n/g, '').toWellFormed()),
      source: fc.constantFrom<LogLine['source']>('app', 'heroku'),
      instance: fc.constantFrom('web.1', 'worker.2', 'router'),
      at: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
    });
    const lives = fc.array(fc.array(fc.array(someLine, { maxLength: 8 }), { maxLength: 5 }), { maxLength: 4 });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(lives, fc.integer({ min: 1, max: 400 }), fc.nat(30), async (life, segmentBytes, last) => {
        count += 1;
        const appId = `app-${count}`;
        for (const batches of life) {
          const logs = open({ segmentBytes });
          for (const [index, batch] of batches.entries()) {
            logs.append(appId, batch, { instanceId: 'i', cursor: `${index}` });
            if (index % 2 === 0) await logs.flush();
          }
          await logs.flush();
        }
        const appended = life.flat(2);
        const logs = open({ segmentBytes });
        const stored = await read(logs, {}, appId);
        expect(stored.map(({ place: _, ...rest }) => rest)).toEqual(appended);
        expect(await read(logs, { lines: last }, appId)).toEqual(last === 0 ? [] : stored.slice(-last));
        const middle = Math.floor(stored.length / 2);
        const after = stored[middle]?.place;
        expect(await read(logs, { after }, appId)).toEqual(after === undefined ? [] : stored.slice(middle + 1));
        const marks = life.flatMap((batches) => [...batches.keys()]);
        expect(await logs.cursorOf(appId, 'i')).toBe(marks.at(-1)?.toString());
      }),
      { numRuns: 60 },
    );
  });

  it('stores lines in a form that a pager shows', async () => {
    const logs = open();
    logs.append('app', [line('one\ntwo')]);
    await logs.flush();
    expect(await readFile(path.join(root, 'app', '0000000000000000.log'), 'utf8')).toBe(
      '2026-04-26T16:58:32.943000+00:00 app[web.1]: one\n2026-04-26T16:58:32.943000+00:00 app[web.1]: two\n',
    );
  });

  it('cannot be made to store a mark by what an app writes', async () => {
    const logs = open();
    logs.append('app', [line('x\n@instance forged')]);
    expect(texts(await read(logs))).toEqual(['x', '@instance forged']);
    expect(await open().cursorOf('app', 'instance')).toBeUndefined();
  });

  it('filters by source, by instance and by process type, and counts matching lines alone', async () => {
    const logs = open();
    for (let n = 1; n <= 5; n += 1) {
      logs.append('app', [
        line(`a${n}`),
        line(`b${n}`, { instance: 'web.2' }),
        line(`c${n}`, { instance: 'webhook.1' }),
        line(`d${n}`, { source: 'heroku' }),
      ]);
    }
    expect(texts(await read(logs, { instance: 'web', source: 'app', lines: 3 }))).toEqual(['b4', 'a5', 'b5']);
    expect(texts(await read(logs, { instance: 'web.2', lines: 2 }))).toEqual(['b4', 'b5']);
    expect(texts(await read(logs, { source: 'heroku', lines: 1 }))).toEqual(['d5']);
    expect(await read(logs, { instance: 'clock' })).toEqual([]);
  });

  it('follows without loss or repeat, and ends when told', async () => {
    const logs = open({ segmentBytes: 2000 });
    logs.append('app', [line('before')]);
    const reader = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { text } of logs.read('app', { lines: 1000, tail: true }, reader.signal)) {
        seen.push(text);
        if (text === 'last') reader.abort();
      }
    })();
    for (let n = 0; n < 200; n += 1) {
      logs.append('app', [line(`n${n}`)]);
      if (n % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    logs.append('app', [line('last')]);
    await reading;
    expect(seen).toEqual(['before', ...Array.from({ length: 200 }, (_, n) => `n${n}`), 'last']);
  });

  it('keeps to its size, and a reader that lost its place goes on with what is kept', async () => {
    const logs = open({ maxBytesPerApp: 10_000, segmentBytes: 1000 });
    logs.append('app', [line('first of all')]);
    await logs.flush();
    const [first] = await read(logs);
    for (let n = 0; n < 500; n += 1) {
      logs.append('app', [line(`n${n}`)]);
      await logs.flush();
    }
    const kept = await read(logs);
    expect(kept.at(-1)?.text).toBe('n499');
    const sizes = (await readdir(path.join(root, 'app'))).filter((name) => name.endsWith('.log'));
    expect(sizes.length).toBeLessThanOrEqual(11);
    expect(kept.length).toBeGreaterThan(120);
    expect(await read(logs, { after: first?.place ?? 0 })).toEqual(kept);
  });

  it('takes any place that a client makes up', async () => {
    const logs = open({ segmentBytes: 200 });
    logs.append('app', [line('one'), line('two')]);
    await logs.flush();
    logs.append('app', [line('three')]);
    const stored = await read(logs);
    const [one, two] = stored.map(({ place }) => place);
    for (const after of [-5, 0, Number.NaN]) expect(await read(logs, { after })).toEqual(stored);
    // Inside a line: the next whole one.
    expect(texts(await read(logs, { after: 3 }))).toEqual(['two', 'three']);
    expect(texts(await read(logs, { after: (one ?? 0) + 1 }))).toEqual(['three']);
    expect(texts(await read(logs, { after: two }))).toEqual(['three']);
    expect(await read(logs, { after: 1e12 })).toEqual([]);
  });

  it('cuts a line that a crash left unfinished', async () => {
    const logs = open();
    logs.append('app', [line('whole')]);
    await logs.flush();
    await appendFile(path.join(root, 'app', '0000000000000000.log'), '2026-04-26T16:58:32.943000+00:00 app[web.1]: ha');
    const again = open();
    again.append('app', [line('next')]);
    expect(texts(await read(again))).toEqual(['whole', 'next']);
    await truncate(path.join(root, 'app', '0000000000000000.log'), 3);
    expect(await read(open())).toEqual([]);
  });

  it('keeps lines while the disk fails, counts what there is no room for, and says so', async () => {
    await writeFile(path.join(root, 'app'), 'a file where the folder should be');
    const logs = open();
    logs.append('app', [line('waits')]);
    await expect(logs.flush()).rejects.toThrow();
    for (let n = 0; n < 5; n += 1) logs.append('app', [line('x'.repeat(2 ** 20))]);
    await rm(path.join(root, 'app'));
    const stored = texts(await read(logs));
    expect(stored[0]).toBe('waits');
    expect(stored.at(-1)).toBe('Error L10 (output buffer overflow): 1 messages dropped, the disk did not take them.');
  });

  it('begins anew when somebody deleted the folder', async () => {
    const logs = open();
    logs.append('app', [line('one')]);
    await logs.flush();
    await rm(path.join(root, 'app'), { recursive: true });
    logs.append('app', [line('two')]);
    await logs.flush().catch(() => undefined);
    expect(texts(await read(logs))).toEqual(['two']);
  });

  it('removes an app for good, and ends its readers', async () => {
    const logs = open();
    logs.append('app', [line('one')]);
    const reading = Array.fromAsync(logs.read('app', { lines: 10, tail: true }, never));
    await logs.flush();
    await logs.remove('app');
    await reading;
    logs.append('app', [line('late')]);
    await logs.flush();
    expect(await readdir(root)).toEqual([]);
  });

  it('remembers how far instances were read, and forgets those that are gone', async () => {
    const logs = open({ segmentBytes: 300 });
    for (let n = 0; n < 20; n += 1) {
      logs.append('app', [line(`n${n}`)], { instanceId: n % 2 === 0 ? 'even' : 'odd', cursor: String(n) });
      await logs.flush();
    }
    expect(await open().cursorOf('app', 'even')).toBe('18');
    expect(await open().cursorOf('app', 'odd')).toBe('19');
    const again = open({ segmentBytes: 300 });
    await again.keepCursors('app', new Set(['odd']));
    expect(await again.cursorOf('app', 'even')).toBeUndefined();
    expect(await again.cursorOf('app', 'odd')).toBe('19');
  });

  it('is flushed only when also what another flush is writing is on disk', async () => {
    const logs = open();
    const lines = Array.from({ length: 20_000 }, (_, index) => line(`line ${index}`));
    logs.append('app', lines, { instanceId: 'i', cursor: 'last' });
    const first = logs.flush();
    await logs.flush();
    // The next server opens the same folder now.
    expect(await open().cursorOf('app', 'i')).toBe('last');
    await first;
  });

  it('refuses ids that lead out of its folder', () => {
    expect(() => open().append('../other', [line('x')])).toThrow('no such id');
  });
});
