import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withFileLock } from '../../../buildpacks/image/file-lock.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('buildpacks/image/file-lock', () => {
  it('lets one work at a time, also after one that failed', async () => {
    const path = join(await temporaryFolder(), 'lock');
    let working = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setTimeout(resolve, 10));
      working--;
      throw new Error('failed');
    };
    await Promise.allSettled(Array.from({ length: 5 }, () => withFileLock(path, work, { staleMs: 500 })));
    expect(most).toBe(1);
    expect(working).toBe(0);
  });

  it('takes the place of a holder that was killed', async () => {
    const path = join(await temporaryFolder(), 'lock');
    await writeFile(path, 'of a dead process');
    await utimes(path, new Date(0), new Date(0));
    expect(await withFileLock(path, async () => 'done')).toBe('done');
  });
});
