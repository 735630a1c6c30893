import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBlobStore } from '../../../buildpacks/image/blob-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);
const sha256 = (content: string) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

async function emptyStore() {
  const root = await temporaryFolder();
  const files = async () => [
    ...(await readdir(join(root, 'blobs', 'sha256'))),
    ...(await readdir(join(root, 'blobs', 'temporary'))),
  ];
  return { root, files, blobs: createBlobStore({ root }) };
}

describe('buildpacks/image/blob-store', () => {
  it('stores content under its digest, and gives back all of it or a range', async () => {
    const { blobs } = await emptyStore();
    const blob = await blobs.put(Readable.from([Buffer.from('hello '), Buffer.from('world')]));
    expect(blob).toEqual({ digest: sha256('hello world'), sizeBytes: 11 });
    expect(await blobs.stat(blob.digest)).toEqual(blob);
    expect((await blobs.readBytes(blob.digest)).toString()).toBe('hello world');
    expect(await text(blobs.open(blob.digest, { start: 6, end: 8 }))).toBe('wor');
    expect(await Array.fromAsync(blobs.list())).toEqual([blob]);
    await blobs.remove(blob.digest);
    expect(await blobs.stat(blob.digest)).toBeUndefined();
  });

  it('takes the same content from many writers at once', async () => {
    const { blobs, files } = await emptyStore();
    const content = Buffer.alloc(300_000, 'x');
    const all = await Promise.all(Array.from({ length: 20 }, () => blobs.put(Readable.from([content, content]))));
    expect(new Set(all.map((blob) => blob.digest)).size).toBe(1);
    expect(await files()).toHaveLength(1);
  });

  it('leaves nothing of content that breaks off', async () => {
    const { blobs, files } = await emptyStore();
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw new Error('source failed');
      })(),
    );
    await expect(blobs.put(broken)).rejects.toThrow('source failed');
    expect(await files()).toEqual([]);
  });

  it.each(['../../../etc/passwd', 'sha256:../../etc', `sha256:${'A'.repeat(64)}`, `sha512:${'a'.repeat(128)}`, ''])(
    'takes "%s" for no digest',
    async (digest) => {
      const { blobs } = await emptyStore();
      expect(() => blobs.pathOf(digest)).toThrow(/is no digest/);
      await expect(blobs.stat(digest)).rejects.toMatchObject({ code: 'invalid_params' });
    },
  );

  it('says that the disk is full, and leaves nothing behind', async () => {
    const root = await temporaryFolder();
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]);
    onTestFinished(async () => {
      await run('umount', [root]);
    });
    const blobs = createBlobStore({ root });
    const small = await blobs.putBytes(Buffer.alloc(400_000, 'a'));
    await expect(blobs.put(Readable.from([Buffer.alloc(900_000, 'b')]))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('is full. Free space'),
    });
    expect(await Array.fromAsync(blobs.list())).toEqual([small]);
    expect(await readdir(join(root, 'blobs', 'temporary'))).toEqual([]);
    await blobs.putBytes(Buffer.alloc(400_000, 'c'));
  });

  it('removes what is unused, and keeps what was put again or touched', async () => {
    const { blobs } = await emptyStore();
    const names = ['old', 'touched', 'put again'];
    const [old, touched, again] = await Promise.all(names.map((name) => blobs.putBytes(Buffer.from(name))));
    for (const name of names) await utimes(blobs.pathOf(sha256(name)), 1, 1);
    await blobs.touch(touched?.digest ?? '');
    await blobs.putBytes(Buffer.from('put again'));
    const before = new Date(Date.now() - 60_000);
    const removed = [];
    for (const blob of [old, touched, again]) removed.push(await blobs.removeUnused(blob?.digest ?? '', before));
    expect(removed).toEqual([true, false, false]);
    expect(await blobs.touch(sha256('old'))).toBe(false);
    expect((await blobs.readBytes(sha256('touched'))).toString()).toBe('touched');
  });

  it('never takes a blob from a writer that was told it is there', async () => {
    const { blobs } = await emptyStore();
    const content = Buffer.from('contended');
    for (let round = 0; round < 100; round++) {
      const { digest } = await blobs.putBytes(content);
      await utimes(blobs.pathOf(digest), 1, 1);
      const before = new Date(Date.now() - 60_000);
      const [touched] = await Promise.all([blobs.touch(digest), blobs.removeUnused(digest, before)]);
      expect((await blobs.stat(digest)) !== undefined || !touched).toBe(true);
    }
  });

  it('removes what killed writers left', async () => {
    const { blobs, files } = await emptyStore();
    const writer = await blobs.writer();
    await writer.appendBytes(Buffer.from('half'));
    await blobs.removeAbandoned(new Date(Date.now() - 60_000));
    expect(await files()).toHaveLength(1);
    await blobs.removeAbandoned(new Date(Date.now() + 60_000));
    expect(await files()).toEqual([]);
    await writer.discard();
  });
});
