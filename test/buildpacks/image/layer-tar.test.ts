import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, link, mkdir, readdir, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { extract, type Header, pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { normaliseTar, tarFolder } from '../../../buildpacks/image/layer-tar.ts';
import { emptyHeader, formatTarHeader } from '../../../buildpacks/image/tar-header.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);
const owner = { uid: 1000, gid: 1000 };

/** Archives as another implementation writes and reads them. */
async function packed(
  entries: readonly (Pick<Header, 'name'> & Partial<Header> & { content?: string })[],
): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  return buffer(archive);
}

async function unpacked(tar: Buffer): Promise<{ header: Header; content: string }[]> {
  const archive = extract();
  const entries: { header: Header; content: string }[] = [];
  Readable.from([tar]).pipe(archive);
  for await (const entry of archive) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    entries.push({ header: entry.header, content: Buffer.concat(chunks).toString() });
  }
  return entries;
}

const normalised = (tar: Buffer, options: Partial<Parameters<typeof normaliseTar>[1]> = {}) =>
  buffer(normaliseTar(Readable.from([tar]), { ...owner, ...options }));

describe('buildpacks/image/layer-tar', () => {
  it('keeps order, modes, content, symlinks and hard links, and gives all of it to one owner at time 0', async () => {
    const tar = await packed([
      { name: 'z/', type: 'directory', mode: 0o750 },
      { name: 'z/run.sh', mode: 0o755, content: 'echo', uid: 5, gid: 6, uname: 'me', gname: 'us', mtime: new Date() },
      { name: 'a', type: 'symlink', linkname: '../../etc/passwd' },
      { name: 'b', type: 'link', linkname: 'z/run.sh' },
    ]);
    const entries = await unpacked(await normalised(tar));
    expect(
      entries.map(({ header, content }) => [header.name, header.type, header.mode, header.linkname, content]),
    ).toEqual([
      ['z/', 'directory', 0o750, null, ''],
      ['z/run.sh', 'file', 0o755, null, 'echo'],
      ['a', 'symlink', 0o644, '../../etc/passwd', ''],
      ['b', 'link', 0o644, 'z/run.sh', ''],
    ]);
    for (const { header } of entries) {
      expect(header).toMatchObject({ uid: 1000, gid: 1000, uname: '', gname: '', mtime: new Date(0) });
    }
  });

  it('renames entries and the targets of hard links, and drops what rename leaves out', async () => {
    const tar = await packed([
      { name: './', type: 'directory' },
      { name: './secret', content: 'x' },
      { name: './kept', content: 'y' },
      { name: './same', type: 'link', linkname: './kept' },
    ]);
    const rename = (path: string) => (path === 'secret' || path === '' ? undefined : `app/${path}`);
    const entries = await unpacked(await normalised(tar, { rename }));
    expect(entries.map(({ header }) => [header.name, header.linkname])).toEqual([
      ['app/kept', null],
      ['app/same', 'app/kept'],
    ]);
    const onlyLink = (path: string) => (path === 'same' ? path : undefined);
    await expect(normalised(tar, { rename: onlyLink })).rejects.toThrow('hard link ./same points to ./kept');
  });

  it('gives the same bytes again, for its own output too, whatever the pieces that the input comes in', async () => {
    const name = fc
      .stringMatching(/^[a-zé0-9_.]{1,60}(\/[a-z0-9_]{1,90}){0,4}$/)
      .filter((path) => !/(^|\/)\.\.?(\/|$)/.test(path));
    const entry = fc.record({
      name,
      content: fc.string({ maxLength: 2000 }),
      mode: fc.integer({ min: 1, max: 0o7777 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), fc.integer({ min: 1, max: 1500 }), async (entries, size) => {
        const tar = await packed(entries.map((one) => ({ ...one, mtime: new Date(1e12 * Math.random()) })));
        const pieces = Array.from({ length: Math.ceil(tar.length / size) }, (_, i) =>
          tar.subarray(i * size, (i + 1) * size),
        );
        const whole = await normalised(tar);
        expect(await buffer(normaliseTar(Readable.from(pieces), owner))).toEqual(whole);
        expect(await normalised(whole)).toEqual(whole);
        const found = await unpacked(whole);
        expect(found.map(({ header, content }) => ({ name: header.name, content, mode: header.mode }))).toEqual(
          entries,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('either gives an archive or says what is wrong, for any bytes', async () => {
    const valid = await packed([{ name: `${'long/'.repeat(60)}name`, content: 'content' }]);
    const flips = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(flips, fc.nat(valid.length), async (changes, length) => {
        const tar = Buffer.from(valid.subarray(0, length));
        for (const [at, value] of changes) if (at < tar.length) tar[at] = value;
        await normalised(tar).then(unpacked, (error) => expect(error).toMatchObject({ code: 'invalid_params' }));
      }),
      { numRuns: 200 },
    );
  });

  it.each([['../../etc/cron.d/job'], ['app/../../x']])('refuses an entry called %s', async (name) => {
    const tar = Buffer.concat([formatTarHeader({ ...emptyHeader, name }), Buffer.alloc(1024)]);
    await expect(normalised(tar)).rejects.toMatchObject({ code: 'invalid_params' });
  });

  it('keeps names that are not UTF-8 apart, and long names of them', async () => {
    const names = ['\xff', '\xfe', `${'\xfd'.repeat(140)}`];
    const tar = Buffer.concat([...names.map((name) => formatTarHeader({ ...emptyHeader, name })), Buffer.alloc(1024)]);
    const result = await normalised(tar, { rename: (path) => `app/${path}` });
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.tar'), result);
    await run('tar', ['-xf', join(folder, 'a.tar'), '-C', folder]);
    const found = await readdir(join(folder, 'app'), { encoding: 'buffer' });
    expect(found.map((name) => name.toString('latin1')).sort()).toEqual(names.sort());
  });

  it('reads what GNU tar writes, with long names and links in its own format', async () => {
    const folder = await temporaryFolder();
    const deep = join(folder, 'in', 'd'.repeat(90), 'e'.repeat(90));
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, 'f'.repeat(120)), 'deep');
    await symlink('t'.repeat(200), join(folder, 'in', 'link'));
    for (const format of ['gnu', 'posix', 'ustar']) {
      const names = format === 'ustar' ? ['link'] : ['link', 'd'.repeat(90)];
      const target = format === 'ustar' ? join(folder, 'in', 'short') : undefined;
      if (target !== undefined) await writeFile(target, '');
      const { stdout } = await run(
        'tar',
        ['-c', `--format=${format}`, '-C', join(folder, 'in'), ...(target ? ['short'] : names)],
        { encoding: 'buffer' },
      );
      const found = (await unpacked(await normalised(stdout))).map(({ header }) => header.linkname ?? header.name);
      if (format === 'ustar') expect(found).toEqual(['short']);
      else
        expect(found).toEqual([
          't'.repeat(200),
          `${'d'.repeat(90)}/`,
          `${'d'.repeat(90)}/${'e'.repeat(90)}/`,
          `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(120)}`,
        ]);
    }
  });

  it("gives equal trees of two commits the same digest: git's commit id and time are dropped", async () => {
    const repository = await temporaryFolder();
    const git = (...args: string[]) =>
      run('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
    await git('init', '-q');
    await writeFile(join(repository, 'index.js'), '1');
    await git('add', '.');
    await git('commit', '-qm', 'one');
    const digest = async () => {
      const { stdout } = await run('git', ['-C', repository, 'archive', 'HEAD'], { encoding: 'buffer' });
      return createHash('sha256')
        .update(await normalised(stdout))
        .digest('hex');
    };
    const first = await digest();
    await git('commit', '-q', '--allow-empty', '-m', 'two', '--date=2001-01-01T00:00:00Z');
    expect(await digest()).toBe(first);
  });

  it('refuses an archive that stops within an entry, and passes on a failure of its input', async () => {
    const tar = await packed([{ name: 'a', content: 'x'.repeat(2000) }]);
    await expect(normalised(tar.subarray(0, 1024))).rejects.toThrow('stops within an entry');
    const broken = Readable.from(
      (async function* () {
        yield tar.subarray(0, 600);
        throw new Error('pipe broke');
      })(),
    );
    await expect(buffer(normaliseTar(broken, owner))).rejects.toThrow('pipe broke');
  });
});

describe('buildpacks/image/layer-tar tarFolder', () => {
  it('sorts, keeps symlinks without following them, and knows nothing of times and owners', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'b', 'two'), '2');
    await writeFile(join(folder, 'B'), '1', { mode: 0o755 });
    await chmod(join(folder, 'B'), 0o755);
    await symlink('/etc', join(folder, 'etc'));
    await link(join(folder, 'B'), join(folder, 'c'));
    const first = await buffer(tarFolder(folder, { ...owner, prefix: '/app' }));
    await utimes(join(folder, 'B'), 5, 5);
    expect(await buffer(tarFolder(folder, { ...owner, prefix: 'app' }))).toEqual(first);
    expect(
      (await unpacked(first)).map(({ header, content }) => [header.name, header.mode, header.linkname, content]),
    ).toEqual([
      ['app/', 0o755, null, ''],
      ['app/B', 0o755, null, '1'],
      ['app/b/', (await stat(join(folder, 'b'))).mode & 0o7777, null, ''],
      ['app/b/two', 0o644, null, '2'],
      ['app/c', 0o755, null, '1'],
      ['app/etc', 0o777, '/etc', ''],
    ]);
  });

  it('makes what tar unpacks to the same folder', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'in', 'd'.repeat(120)), { recursive: true });
    const name = `${'d'.repeat(120)}/${'é'.repeat(70)}`;
    await writeFile(join(folder, 'in', name), 'x'.repeat(1_000_000));
    await symlink('nowhere', join(folder, 'in', 'link'));
    await writeFile(join(folder, 'a.tar'), tarFolder(join(folder, 'in'), { ...owner, rename: (path) => path }));
    await mkdir(join(folder, 'out'));
    await run('tar', ['-xf', join(folder, 'a.tar'), '-C', join(folder, 'out')]);
    await run('diff', ['-r', '--no-dereference', join(folder, 'in'), join(folder, 'out')]);
    expect(await readlink(join(folder, 'out', 'link'))).toBe('nowhere');
  });
});
