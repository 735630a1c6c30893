import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zeroOid } from '../../../server/domain/git.ts';
import { type GitServer, git, mustGit, startGitServer } from './git-server.ts';
import { commit, makeWorkTree } from './work-tree.ts';

describe('server/git/receive-pack with the real client', () => {
  let server: GitServer;
  let work: string;
  beforeAll(async () => {
    server = await startGitServer();
    work = await makeWorkTree(server.root);
    await commit(work, { 'index.js': 'one\n' });
  });
  afterAll(() => server.close());

  const refOf = (app: string, ref: string) => server.repositories.readRef(server.appId(app), ref);

  it('creates the app with the first push, and hands the push to the receiver', async () => {
    const run = await git(work, 'push', '-o', 'clear-cache', server.url('first'), 'main');
    expect(run.stderr).toContain('remote: option clear-cache');
    expect(run.stderr).toContain('[new branch]      main -> main');
    const head = await mustGit(work, 'rev-parse', 'HEAD');
    expect(await refOf('first', 'refs/heads/main')).toBe(head);
    expect(server.pushes.at(-1)).toMatchObject({
      appName: 'first',
      userEmail: 'ann@example.com',
      commands: [{ ref: 'refs/heads/main', oldOid: zeroOid, newOid: head }],
      atomic: false,
      options: ['clear-cache'],
    });
  });

  it('says so when nothing is new', async () => {
    await mustGit(work, 'push', server.url('same'), 'main');
    expect((await git(work, 'push', server.url('same'), 'main')).stderr).toContain('Everything up-to-date');
  });

  it('moves a branch on, back by force, and to objects that are there', async () => {
    const url = server.url('moves');
    const first = await mustGit(work, 'rev-parse', 'HEAD');
    await mustGit(work, 'push', url, 'main');
    const second = await commit(work, { 'index.js': 'two\n' });
    await mustGit(work, 'push', url, 'main');
    expect(await refOf('moves', 'refs/heads/main')).toBe(second);
    await mustGit(work, 'push', '--force', url, `${first}:main`);
    expect(await refOf('moves', 'refs/heads/main')).toBe(first);
    await mustGit(work, 'push', url, `${second}:refs/heads/again`);
    expect(await refOf('moves', 'refs/heads/again')).toBe(second);
  });

  it('stores tags, and deletes branches and tags', async () => {
    const url = server.url('tags');
    await mustGit(work, 'tag', '--force', '-a', 'v1', '-m', 'First');
    await mustGit(work, 'push', url, 'main', 'main:side', 'v1');
    expect(await refOf('tags', 'refs/tags/v1')).toBe(await mustGit(work, 'rev-parse', 'v1'));
    await mustGit(work, 'push', url, ':side', ':v1');
    expect(await refOf('tags', 'refs/heads/side')).toBeUndefined();
    expect(await refOf('tags', 'refs/tags/v1')).toBeUndefined();
  });

  it('moves all refs of an atomic push or none', async () => {
    const url = server.url('atomic');
    await mustGit(work, 'push', '--atomic', url, 'main', 'main:side');
    expect(server.pushes.at(-1)?.atomic).toBe(true);
    const next = await commit(work, { 'index.js': 'three\n' });
    const run = await git(work, 'push', '--atomic', url, 'main', 'main:refs/shipway/x');
    expect(run.stderr).toContain('main -> main (atomic push failed)');
    expect(run.stderr).toContain('main -> refs/shipway/x (refs/shipway/ is kept for the platform)');
    expect(await refOf('atomic', 'refs/heads/main')).not.toBe(next);
  });

  it('moves what may move without --atomic', async () => {
    const url = server.url('apart');
    const run = await git(work, 'push', url, 'main', 'main:refused', 'main:refs/shipway/x');
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('[remote rejected] main -> refused (stale)');
    expect(await refOf('apart', 'refs/heads/main')).toBeDefined();
    expect(await refOf('apart', 'refs/shipway/x')).toBeUndefined();
  });

  it('shows why a push is not let in', async () => {
    await mustGit(work, 'push', server.url('mine'), 'main');
    const wrong = await git(work, 'push', server.url('mine', 'wrong'), 'main');
    expect(wrong.stderr).toContain('Authentication failed');
    const none = await git(work, 'push', `${server.origin}/mine.git`, 'main');
    expect(none.stderr).toContain('could not read Username');
    const other = await git(work, 'push', server.url('mine', 'bob-token'), 'main');
    expect(other.stderr).toContain('remote: App mine belongs to somebody else.');
    expect(other.exitCode).not.toBe(0);
  });

  it('refuses what fsck refuses, with its words', async () => {
    const evil = await makeWorkTree(server.root);
    await writeFile(join(evil, 'blob'), 'x');
    const blob = await mustGit(evil, 'hash-object', '-w', 'blob');
    await writeFile(join(evil, 'entries'), `100644 ..\0${Buffer.from(blob, 'hex').toString('latin1')}`, 'latin1');
    const tree = await mustGit(evil, 'hash-object', '-w', '-t', 'tree', '--literally', 'entries');
    const head = await mustGit(evil, 'commit-tree', tree, '-m', 'Climb');
    const run = await git(evil, 'push', server.url('evil'), `${head}:refs/heads/main`);
    expect(run.stderr).toMatch(/unpack failed: object [0-9a-f]{40}: hasDotdot/);
    expect(await refOf('evil', 'refs/heads/main')).toBeUndefined();
  });

  it('logs nothing for all of this', () => {
    expect(server.logged).toEqual([]);
  });
});
