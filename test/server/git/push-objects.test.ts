import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GitServer, git, mustGit, startGitServer } from './git-server.ts';
import { commit, importHistory, makeWorkTree } from './work-tree.ts';

const megabyte = 2 ** 20;

describe('server/git/receive-objects', () => {
  let server: GitServer;
  beforeAll(async () => {
    server = await startGitServer({ maxPackBytes: 20 * megabyte });
  });
  afterAll(() => server.close());

  const refOf = (app: string) => server.repositories.readRef(server.appId(app), 'refs/heads/main');
  const quarantinesOf = async (app: string) =>
    (await readdir(join(server.repositoryOf(app), 'objects'))).filter((name) => name.startsWith('incoming-'));

  it('takes 100,000 objects, whole', async () => {
    const source = join(server.root, 'source');
    await importHistory(source, 20_000);
    await mustGit(source, 'push', server.url('large'), 'main');
    expect(await refOf('large')).toBe(await mustGit(source, 'rev-parse', 'main'));
    const count = await mustGit(server.repositoryOf('large'), 'count-objects', '-v');
    expect(count).toMatch(/in-pack: 100000\npacks: 1/);
  });

  it('takes a thin pack, whose bases only the repository has', async () => {
    const work = await makeWorkTree(server.root);
    const lines = Array.from({ length: 2000 }, () => randomBytes(20).toString('hex'));
    await commit(work, { 'data.txt': lines.join('\n') });
    await mustGit(work, 'push', server.url('thin'), 'main');
    const head = await commit(work, { 'data.txt': [...lines, 'one more'].join('\n') });
    await mustGit(work, 'push', '--thin', server.url('thin'), 'main');
    expect(await refOf('thin')).toBe(head);
    await mustGit(server.repositoryOf('thin'), 'fsck', '--strict');
  });

  it('takes the push of a shallow clone, to an app with the history and to one without', async () => {
    const work = await makeWorkTree(server.root);
    await commit(work, { a: '1' });
    await commit(work, { a: '2' });
    await mustGit(work, 'push', server.url('deep'), 'main');
    await mustGit(server.root, 'clone', '--quiet', '--depth=1', server.url('deep'), 'shallow');
    const shallow = join(server.root, 'shallow');
    const head = await commit(shallow, { a: '3' });

    await mustGit(shallow, 'push', server.url('deep'), 'main');
    expect(await mustGit(server.repositoryOf('deep'), 'rev-list', '--count', 'main')).toBe('3');

    await mustGit(shallow, 'push', server.url('cut'), 'main');
    expect(await refOf('cut')).toBe(head);
    expect(await mustGit(server.repositoryOf('cut'), 'rev-list', '--count', 'main')).toBe('2');
    await mustGit(server.repositoryOf('cut'), 'fsck', '--strict');
    const next = await commit(shallow, { a: '4' });
    await mustGit(shallow, 'push', server.url('cut'), 'main');
    expect(await refOf('cut')).toBe(next);
    await mustGit(server.root, 'clone', '--quiet', server.url('cut'), 'clone-of-cut');
  });

  it('stores a submodule as its link', async () => {
    const work = await makeWorkTree(server.root);
    await commit(work, { a: '1' });
    await mustGit(work, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},vendor/lib`);
    await mustGit(work, 'commit', '--quiet', '-m', 'Add a submodule');
    await mustGit(work, 'push', server.url('linked'), 'main');
    expect(await refOf('linked')).toBe(await mustGit(work, 'rev-parse', 'HEAD'));
  });

  it('refuses a pack over the limit while it streams, says why, and leaves nothing', async () => {
    const work = await makeWorkTree(server.root);
    await commit(work, { big: randomBytes(30 * megabyte) });
    const run = await git(work, '-c', 'core.compression=0', 'push', server.url('heavy'), 'main');
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('the push is larger than the limit of 20 MiB');
    expect(run.stderr).toContain('[remote rejected] main -> main (unpacker error)');
    expect(await refOf('heavy')).toBeUndefined();
    expect(await quarantinesOf('heavy')).toEqual([]);
  });
});
