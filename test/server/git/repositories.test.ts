import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zeroOid } from '../../../server/domain/git.ts';
import { cleanQuarantines } from '../../../server/git/quarantine.ts';
import { parsePackedRefs, readRefs } from '../../../server/git/refs.ts';
import { createRepack } from '../../../server/git/repack.ts';
import { createRepositories } from '../../../server/git/repositories.ts';
import { clientEnvironment, type GitServer, mustGit, startGitServer } from './git-server.ts';
import { describeRepositories } from './repositories-contract.ts';
import { commit, makeWorkTree } from './work-tree.ts';

describeRepositories('server/git/repositories', async () => {
  const root = await mkdtemp(join(tmpdir(), 'shipway-repositories-'));
  return {
    repositories: createRepositories({ root }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
});

describe('server/git/refs', () => {
  let server: GitServer;
  beforeAll(async () => {
    server = await startGitServer();
  });
  afterAll(() => server.close());

  it('lists loose and packed refs in the order of git, loose ones first in force', async () => {
    const work = await makeWorkTree(server.root);
    const first = await commit(work, { a: '1' });
    await mustGit(work, 'push', server.url('refs'), 'main', 'main:a/b', 'main:a-b', 'main:refs/tags/v1');
    const path = server.repositoryOf('refs');
    await mustGit(path, 'pack-refs', '--all');
    const second = await commit(work, { a: '2' });
    await mustGit(work, 'push', server.url('refs'), 'main');
    await server.repositories.updateRef(server.appId('refs'), {
      ref: 'refs/shipway/x',
      oldOid: zeroOid,
      newOid: first,
    });
    const listed = await mustGit(path, 'for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads', 'refs/tags');
    expect([...(await readRefs(path))].map(([name, oid]) => `${oid} ${name}`)).toEqual(listed.split('\n'));
    expect(await server.repositories.readRef(server.appId('refs'), 'refs/heads/main')).toBe(second);
    expect(await server.repositories.readRef(server.appId('refs'), 'refs/heads/a/b')).toBe(first);
    expect(await server.repositories.readRef(server.appId('refs'), 'refs/heads/a')).toBeUndefined();
  });

  it('reads any packed-refs file without failing', () => {
    fc.assert(fc.property(fc.string(), (text) => void parsePackedRefs(text)));
    const oid = 'a'.repeat(40);
    const text = `# pack-refs with: peeled fully-peeled sorted \n${oid} refs/tags/v1\n^${'b'.repeat(40)}\n`;
    expect([...parsePackedRefs(text)]).toEqual([['refs/tags/v1', oid]]);
  });
});

describe('server/git/quarantine', () => {
  it('cleans up after a killed server, and leaves the rest alone', async () => {
    const root = await mkdtemp(join(tmpdir(), 'shipway-clean-'));
    const repositories = createRepositories({ root });
    const appId = randomUUID();
    await repositories.create(appId);
    const path = repositories.pathOf(appId);
    await mkdir(join(path, 'objects', 'incoming-abc', 'pack'), { recursive: true });
    await writeFile(join(path, 'objects', 'incoming-abc', 'pack', 'tmp_pack_x'), '');
    await writeFile(join(path, 'objects', 'pack', 'tmp_idx_x'), '');
    await writeFile(join(path, 'packed-refs.lock'), '');
    await mkdir(join(path, 'refs', 'heads', 'a'), { recursive: true });
    await writeFile(join(path, 'refs', 'heads', 'a', 'b.lock'), '');
    await mkdir(join(root, '.new-1'));
    await cleanQuarantines(root);
    expect(await readdir(root)).toEqual([`${appId}.git`]);
    expect((await readdir(join(path, 'objects'))).sort()).toEqual(['info', 'pack']);
    expect(await readdir(join(path, 'objects', 'pack'))).toEqual([]);
    expect(await readdir(path)).toContain('HEAD');
    expect(await readdir(path)).not.toContain('packed-refs.lock');
    expect(await readdir(join(path, 'refs', 'heads', 'a'))).toEqual([]);
    await cleanQuarantines(join(root, 'not-there'));
    await rm(root, { recursive: true });
  });
});

describe('server/git/repack', () => {
  it('joins the packs of many pushes, and keeps objects that no ref reaches', async () => {
    const root = await mkdtemp(join(tmpdir(), 'shipway-repack-'));
    const repositories = createRepositories({ root });
    const appId = randomUUID();
    await repositories.create(appId);
    const path = repositories.pathOf(appId);
    const packs = async () => (await readdir(join(path, 'objects', 'pack'))).filter((name) => name.endsWith('.pack'));
    const oids = Array.from({ length: 51 }, (_, number) => addPack(path, `content ${number}`));
    expect(await packs()).toHaveLength(51);
    createRepack({ log: (text) => expect.fail(text) })(path);
    await expect.poll(async () => (await packs()).length).toBe(1);
    for (const oid of oids) await mustGit(path, 'cat-file', '-e', oid);
    await rm(root, { recursive: true });
  });
});

/** A pack of one blob, which no ref reaches. */
function addPack(path: string, content: string): string {
  const run = (args: string[], input: string) =>
    execFileSync('git', args, { cwd: path, env: clientEnvironment, input }).toString().trim();
  const oid = run(['hash-object', '-w', '--stdin'], content);
  run(['pack-objects', '-q', 'objects/pack/pack'], `${oid}\n`);
  run(['prune-packed', '-q'], '');
  return oid;
}
