import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Repositories, zeroOid } from '../../../server/domain/git.ts';
import { clientEnvironment } from './git-server.ts';

/** What every implementation of Repositories promises. `make` gives one over an empty folder. */
export function describeRepositories(
  name: string,
  make: () => Promise<{ readonly repositories: Repositories; remove(): Promise<void> }>,
): void {
  describe(name, () => {
    const appId = randomUUID();
    let repositories: Repositories;
    let remove: () => Promise<void>;
    let oids: { readonly tree: string; readonly first: string; readonly second: string; readonly tag: string };
    const main = 'refs/heads/main';
    const move = (ref: string, oldOid: string, newOid: string) =>
      repositories.updateRef(appId, { ref, oldOid, newOid });

    beforeAll(async () => {
      ({ repositories, remove } = await make());
      await repositories.create(appId);
      oids = makeHistory(repositories.pathOf(appId));
    });
    afterAll(() => remove());

    it('makes a repository once, however often it is asked', async () => {
      const other = randomUUID();
      await Promise.all([repositories.create(other), repositories.create(other), repositories.create(other)]);
      expect(await repositories.readRef(other, main)).toBeUndefined();
    });

    it('removes a repository, also one that is not there', async () => {
      const other = randomUUID();
      await repositories.create(other);
      await repositories.remove(other);
      await repositories.remove(other);
      await repositories.create(other);
    });

    it('takes no name for an app id', () => {
      for (const name of ['my-app', '../etc', `${appId}/..`, '', appId.toUpperCase()]) {
        expect(() => repositories.pathOf(name)).toThrow('no app id');
      }
    });

    it('moves a ref from what it is, and from nothing else', async () => {
      expect(await move(main, oids.first, oids.second)).toBe(false);
      expect(await move(main, zeroOid, oids.first)).toBe(true);
      expect(await repositories.readRef(appId, main)).toBe(oids.first);
      expect(await move(main, zeroOid, oids.second)).toBe(false);
      expect(await move(main, oids.second, oids.first)).toBe(false);
      expect(await move(main, oids.first, oids.second)).toBe(true);
      expect(await repositories.readRef(appId, main)).toBe(oids.second);
    });

    it('deletes a ref, and once it is gone says no', async () => {
      const ref = 'refs/heads/short-lived';
      await move(ref, zeroOid, oids.first);
      expect(await move(ref, oids.second, zeroOid)).toBe(false);
      expect(await move(ref, oids.first, zeroOid)).toBe(true);
      expect(await repositories.readRef(appId, ref)).toBeUndefined();
      expect(await move(ref, oids.first, zeroOid)).toBe(false);
      expect(await move(ref, zeroOid, zeroOid)).toBe(true);
    });

    it('moves all refs or none', async () => {
      const [a, b] = ['refs/heads/a', 'refs/heads/b'];
      const commands = [
        { ref: a, oldOid: zeroOid, newOid: oids.first },
        { ref: b, oldOid: oids.second, newOid: oids.first },
      ];
      expect(await repositories.updateRefs(appId, commands)).toBe(false);
      expect(await repositories.readRef(appId, a)).toBeUndefined();
      expect(await repositories.updateRefs(appId, [{ ref: a, oldOid: zeroOid, newOid: oids.first }])).toBe(true);
    });

    it('lets one of many that race win', async () => {
      const ref = 'refs/heads/raced';
      const targets = [oids.first, oids.second, oids.first, oids.second];
      const won = await Promise.all(targets.map((oid) => move(ref, zeroOid, oid)));
      expect(won.filter(Boolean)).toHaveLength(1);
    });

    it('refuses a ref below another, a branch that is no commit, and an object that is nowhere', async () => {
      expect(await move('refs/heads/a/below', zeroOid, oids.first)).toBe(false);
      expect(await move('refs/heads/tree', zeroOid, oids.tree)).toBe(false);
      expect(await move('refs/heads/nowhere', zeroOid, '9'.repeat(40))).toBe(false);
    });

    it('reads exactly the ref that was asked for', async () => {
      await move('refs/tags/refs/heads/only-a-tag', zeroOid, oids.first);
      expect(await repositories.readRef(appId, 'refs/heads/only-a-tag')).toBeUndefined();
      expect(await repositories.readRef(appId, 'refs/../config')).toBeUndefined();
      expect(await repositories.readRef(appId, 'HEAD')).toBeUndefined();
    });

    it('reads a commit, and the one behind a tag', async () => {
      const first = { commit: oids.first, tree: oids.tree, message: 'First\n\nWith a body' };
      expect(await repositories.readCommit(appId, oids.first)).toEqual(first);
      expect(await repositories.readCommit(appId, oids.tag)).toEqual(first);
      expect(await repositories.readCommit(appId, oids.tree)).toBeUndefined();
      expect(await repositories.readCommit(appId, '9'.repeat(40))).toBeUndefined();
      expect(await repositories.readCommit(appId, 'main')).toBeUndefined();
    });

    it('knows what descends from what', async () => {
      expect(await repositories.isDescendant(appId, oids.second, oids.first)).toBe(true);
      expect(await repositories.isDescendant(appId, oids.first, oids.first)).toBe(true);
      expect(await repositories.isDescendant(appId, oids.first, oids.second)).toBe(false);
      expect(await repositories.isDescendant(appId, oids.first, '9'.repeat(40))).toBe(false);
      expect(await repositories.isDescendant(appId, '--all', oids.first)).toBe(false);
    });
  });
}

function makeHistory(path: string) {
  const run = (...args: string[]) =>
    execFileSync('git', ['-C', path, ...args], { env: clientEnvironment, input: '' })
      .toString()
      .trim();
  const tree = run('mktree');
  const first = run('commit-tree', tree, '-m', 'First', '-m', 'With a body');
  const second = run('commit-tree', tree, '-p', first, '-m', 'Second');
  run('tag', '-a', 'v1', '-m', 'Tagged', first);
  return { tree, first, second, tag: run('rev-parse', 'refs/tags/v1') };
}
