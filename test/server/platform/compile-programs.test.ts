import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../server/platform/run.ts';

const entry = join(import.meta.dirname, '..', '..', '..', 'server', 'platform', 'compile', 'programs.ts');

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'shipway-compile-'));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

describe('compiling the programs', () => {
  it('fills the cache and runs none of them', async () => {
    const env = { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: cache };
    // Without its settings every one of them ends with an error, so one that ran would show.
    const result = await run(process.execPath, [entry], { env });
    expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const [folder = ''] = await readdir(cache);
    expect((await readdir(join(cache, folder))).length).toBeGreaterThan(100);
  });
});
