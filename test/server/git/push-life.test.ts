import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import isomorphicGit from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { afterEach, describe, expect, it } from 'vitest';
import type { RefResult } from '../../../server/domain/git.ts';
import { clientEnvironment, type GitServer, git, mustGit, startGitServer } from './git-server.ts';
import { commit, makeWorkTree } from './work-tree.ts';

describe('server/git/receive-pack over the life of a push', () => {
  let server: GitServer;
  afterEach(() => server.close());

  it('goes on when the pusher is gone', async () => {
    const building = Promise.withResolvers<void>();
    const hungUp = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    server = await startGitServer({
      async receive(push, tell, repositories) {
        building.resolve();
        await hungUp.promise;
        for (let line = 0; line < 1000; line++) tell(`line ${line} ${'x'.repeat(1000)}`);
        for (const command of push.commands) await repositories.updateRef(push.appId, command);
        done.resolve();
        return push.commands.map(({ ref }): RefResult => ({ ref, ok: true }));
      },
    });
    const work = await makeWorkTree(server.root);
    const head = await commit(work, { a: '1' });
    const client = spawn('git', ['push', server.url('gone'), 'main'], {
      cwd: work,
      env: clientEnvironment,
      detached: true,
      stdio: 'ignore',
    });
    await building.promise;
    // With the helper that holds the connection.
    process.kill(-(client.pid ?? 0), 'SIGKILL');
    await once(client, 'close');
    hungUp.resolve();
    await done.promise;
    expect(await server.repositories.readRef(server.appId('gone'), 'refs/heads/main')).toBe(head);
    expect(server.logged).toEqual([]);
  });

  it('keeps the connection alive while a build is silent, and shows its lines as they come', async () => {
    server = await startGitServer({
      keepAliveMs: 20,
      async receive(push, tell) {
        tell('-----> Building\r\nforged line');
        await new Promise((resolve) => setTimeout(resolve, 200));
        return push.commands.map(({ ref }) => ({ ref, ok: false, reason: 'build failed' }));
      },
    });
    const work = await makeWorkTree(server.root);
    await commit(work, { a: '1' });
    const run = await git(work, 'push', server.url('slow'), 'main');
    expect(run.stderr).toMatch(/^remote: -----> Building forged line\s*$/m);
    expect(run.stderr).toContain(' ! [remote rejected] main -> main (build failed)');
  });

  it('tells a pusher when the platform fails, and the log why', async () => {
    server = await startGitServer({ receive: () => Promise.reject(new Error('database is away')) });
    const work = await makeWorkTree(server.root);
    await commit(work, { a: '1' });
    const run = await git(work, 'push', server.url('broken'), 'main');
    expect(run.stderr).toContain('The platform failed.');
    expect(run.stderr).not.toContain('database is away');
    expect(server.logged.join('\n')).toContain('database is away');
  });

  it('lets one of two pushes to a branch win, and tells the other', async () => {
    const both = Promise.withResolvers<void>();
    let waiting = 0;
    server = await startGitServer({
      async receive(push, _tell, repositories) {
        if (++waiting === 2) both.resolve();
        await both.promise;
        const moved = await repositories.updateRefs(push.appId, push.commands);
        return push.commands.map(({ ref }) => (moved ? { ref, ok: true } : { ref, ok: false, reason: 'stale' }));
      },
    });
    const [one, two] = [await makeWorkTree(server.root), await makeWorkTree(server.root)];
    await commit(one, { a: '1' });
    await commit(two, { a: '2' });
    await git(one, 'ls-remote', server.url('race'));
    const runs = await Promise.all([one, two].map((path) => git(path, 'push', server.url('race'), 'main')));
    expect(runs.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1]);
    expect(runs.map(({ stderr }) => stderr).join('')).toContain('[remote rejected] main -> main (stale)');
  });

  it('serves isomorphic-git, the client of `shipway deploy`', async () => {
    server = await startGitServer({ keepAliveMs: 5 });
    const dir = join(server.root, 'isomorphic');
    const author = { name: 'Ann', email: 'ann@example.com' };
    const remote = { fs, http, dir, url: `${server.origin}/isomorphic.git`, onAuth };
    await isomorphicGit.init({ fs, dir, defaultBranch: 'main' });
    for (const content of ['one', 'two']) {
      await fs.promises.writeFile(join(dir, 'a'), content);
      await isomorphicGit.add({ fs, dir, filepath: 'a' });
      const head = await isomorphicGit.commit({ fs, dir, message: content, author });
      const messages: string[] = [];
      const result = await isomorphicGit.push({
        ...remote,
        ref: 'main',
        onMessage: (text) => void messages.push(text),
      });
      expect(result.ok).toBe(true);
      expect(messages.join('')).toContain('1 commands');
      expect(await server.repositories.readRef(server.appId('isomorphic'), 'refs/heads/main')).toBe(head);
    }
    await isomorphicGit.push({ ...remote, ref: 'main', remoteRef: 'refs/heads/side' });
    await isomorphicGit.push({ ...remote, ref: 'main', remoteRef: 'refs/heads/side', delete: true });
    expect(await server.repositories.readRef(server.appId('isomorphic'), 'refs/heads/side')).toBeUndefined();
  });

  it('clones and fetches, an empty repository too', async () => {
    server = await startGitServer();
    const work = await makeWorkTree(server.root);
    const first = await commit(work, { a: '1' });
    await mustGit(work, 'push', server.url('read'), 'main');
    for (const version of ['0', '1', '2']) {
      const clone = `clone-${version}`;
      await mustGit(server.root, '-c', `protocol.version=${version}`, 'clone', '--quiet', server.url('read'), clone);
      expect(await mustGit(join(server.root, clone), 'rev-parse', 'main')).toBe(first);
    }
    const hidden = { ref: 'refs/shipway/builds/1', oldOid: '0'.repeat(40), newOid: first };
    await server.repositories.updateRef(server.appId('read'), hidden);
    const second = await commit(work, { a: '2' });
    await mustGit(work, 'push', server.url('read'), 'main');
    const clone = join(server.root, 'clone-2');
    await mustGit(clone, 'fetch', '--quiet', 'origin');
    expect(await mustGit(clone, 'rev-parse', 'origin/main')).toBe(second);
    expect(await mustGit(clone, 'ls-remote', 'origin')).not.toContain('shipway');

    await mustGit(work, 'push', server.url('emptied'), 'main');
    await mustGit(work, 'push', server.url('emptied'), ':main');
    const empty = await git(server.root, 'clone', server.url('emptied'), 'empty');
    expect(empty.stderr).toContain('cloned an empty repository');
    expect((await git(server.root, 'clone', server.url('unknown'), 'unknown')).stderr).toContain(
      'No app is called unknown',
    );
    expect(server.logged).toEqual([]);
  });
});

function onAuth() {
  return { username: 'x', password: 'ann-token' };
}
