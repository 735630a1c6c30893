import { chmod, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportTree, parseTreeListing, readSourceTree } from '../../../server/git/source-tree.ts';
import { type GitServer, mustGit, startGitServer } from './git-server.ts';
import { commit, makeWorkTree } from './work-tree.ts';

describe('server/git/source-tree', () => {
  let server: GitServer;
  let path: string;
  let head: string;
  let tree: string;
  beforeAll(async () => {
    server = await startGitServer();
    const work = await makeWorkTree(server.root);
    await writeFile(join(work, 'start.sh'), '#!/bin/sh\n');
    await chmod(join(work, 'start.sh'), 0o755);
    await symlink('package.json', join(work, 'link'));
    await mustGit(work, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},vendor/lib`);
    await commit(work, {
      'package.json': '{"name":"é"}',
      'src/a file\twith\nall.js': 'x',
      'windows.txt': 'one\n',
      'hidden.txt': '$Format:%H$ $Id$\n',
      empty: '',
      large: Buffer.alloc(4 * 2 ** 20 + 1),
      '.gitattributes': 'hidden.txt export-ignore export-subst ident\nwindows.txt text eol=crlf\n',
    });
    await mustGit(work, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},vendor/lib`);
    await mustGit(work, 'commit', '--quiet', '-m', 'Add a submodule');
    head = await mustGit(work, 'rev-parse', 'HEAD');
    tree = await mustGit(work, 'rev-parse', 'HEAD^{tree}');
    await mustGit(work, 'push', server.url('tree'), 'main');
    path = server.repositoryOf('tree');
  });
  afterAll(() => server.close());

  it('lists files with mode, oid and size', async () => {
    const source = await readSourceTree(path, head);
    expect(source.oid).toBe(tree);
    expect([...source.files.keys()].sort()).toEqual(
      ['.gitattributes', 'empty', 'hidden.txt', 'large', 'link', 'package.json', 'src/a file\twith\nall.js']
        .concat(['start.sh', 'vendor/lib', 'windows.txt'])
        .sort(),
    );
    expect(source.files.get('start.sh')).toMatchObject({ mode: '100755', sizeBytes: 10 });
    expect(source.files.get('link')?.mode).toBe('120000');
    expect(source.files.get('vendor/lib')).toEqual({
      path: 'vendor/lib',
      mode: '160000',
      oid: '1'.repeat(40),
      sizeBytes: 0,
    });
    expect(source.files.get('empty')?.oid).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391');
  });

  it('reads texts, side by side and again', async () => {
    const source = await readSourceTree(path, head);
    const names = ['package.json', 'empty', 'package.json', 'start.sh', 'src/a file\twith\nall.js'];
    const texts = await Promise.all(names.map((name) => source.readText(name)));
    expect(texts).toEqual(['{"name":"é"}', '', '{"name":"é"}', '#!/bin/sh\n', 'x']);
    expect(await source.readText('package.json')).toBe('{"name":"é"}');
  });

  it('has no text for what is missing, too large, a link or a submodule', async () => {
    const source = await readSourceTree(path, head);
    for (const name of ['nothing', 'large', 'link', 'vendor/lib', '__proto__', '../config']) {
      expect(await source.readText(name)).toBeUndefined();
    }
  });

  it('reads a tree by its own oid, and refuses anything that is no oid', async () => {
    expect((await readSourceTree(path, tree)).oid).toBe(tree);
    await expect(readSourceTree(path, '--output=x')).rejects.toThrow('no object name');
    await expect(readSourceTree(path, '9'.repeat(40))).rejects.toThrow();
  });

  it('exports every file as it was pushed, whatever .gitattributes says', async () => {
    const contents = new Map<string, string>();
    const entries = exportTree(path, head).pipe(extract());
    for await (const entry of entries) {
      const chunks = await Array.fromAsync(entry as AsyncIterable<Buffer>);
      contents.set(`${entry.header.mode?.toString(8)} ${entry.header.name}`, Buffer.concat(chunks).toString());
    }
    expect(contents.get('755 start.sh')).toBe('#!/bin/sh\n');
    expect(contents.get('644 windows.txt')).toBe('one\n');
    expect(contents.get('644 hidden.txt')).toBe('$Format:%H$ $Id$\n');
  });

  it('fails the stream of a tree that is not there', async () => {
    await expect(Array.fromAsync(exportTree(path, '9'.repeat(40)))).rejects.toThrow('ended with 128');
  });

  it('lets a stream go before its end', async () => {
    const stream = exportTree(path, head);
    for await (const _ of stream) break;
    expect(stream.destroyed).toBe(true);
  });

  it('parses any listing without failing', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseTreeListing(text)));
  });
});
