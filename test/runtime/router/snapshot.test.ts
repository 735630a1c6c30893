import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSnapshotWriter, readSnapshot } from '../../../runtime/router/snapshot.ts';
import type { RouteTable } from '../../../server/domain/route.ts';
import { appRoute } from './support.ts';

describe('runtime/router/snapshot', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shipway-snapshot-'));
    path = join(folder, 'router', 'snapshot.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('reads what was written, the last of many changes, and leaves no other file', async () => {
    let table: RouteTable = { version: 0, routes: [] };
    const errors: unknown[] = [];
    const writer = createSnapshotWriter({ path, table: () => table, onError: (error) => errors.push(error) });
    for (let version = 1; version <= 50; version++) {
      table = { version, routes: [appRoute('live', [version])] };
      writer.changed();
    }
    await writer.settled();
    expect(await readSnapshot(path)).toEqual(table);
    expect(await readdir(join(folder, 'router'))).toEqual(['snapshot.json']);
    expect(errors).toEqual([]);
  });

  it.each(['', '{', '[]', 'null', '{"version":1}', '{"version":1,"routes":[{"appId":"a"}]}'])(
    'starts without a snapshot where the file holds %j',
    async (text) => {
      const file = join(folder, 'broken.json');
      await writeFile(file, text);
      expect(await readSnapshot(file)).toBeUndefined();
      expect(await readFile(file, 'utf8')).toBe(text);
    },
  );

  it('goes on when it cannot write', async () => {
    const errors: unknown[] = [];
    await writeFile(join(folder, 'router'), 'a file where the folder should be');
    const writer = createSnapshotWriter({
      path,
      table: () => ({ version: 1, routes: [] }),
      onError: (error) => errors.push(error),
    });
    writer.changed();
    await writer.settled();
    expect(errors).toHaveLength(1);
    expect(await readSnapshot(path)).toBeUndefined();
  });
});
