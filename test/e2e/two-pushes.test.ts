import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { type Build, builds } from './app-state.ts';
import { buildContainers, instanceContainers } from './containers.ts';
import { createRepository, type Repository, testApp } from './repository.ts';
import { ask, askUntil } from './requests.ts';

let platform: TestPlatform;
let app: Repository;
beforeAll(async () => {
  platform = await startPlatform();
  app = await createRepository(platform, 'busy', testApp('echo'));
  const push = await app.push();
  if (push.exitCode !== 0) throw new Error(push.stderr);
}, 300_000);
afterAll(() => platform?.down());

/** Its build takes `seconds`, in a container. */
const slowBuild = (version: string, seconds: number) => ({
  'version.json': JSON.stringify(version),
  'package.json': JSON.stringify({
    name: 'echo',
    private: true,
    engines: { node: '24.x' },
    scripts: { build: `echo building ${version}; sleep ${seconds}`, start: 'node server.js' },
  }),
});
const headOf = async (ref: string) => (await app.git('ls-remote', 'shipway', ref)).stdout.split('\t')[0];
const buildOf = (commit: string, until: (build: Build) => boolean) =>
  eventually(
    async () => (await builds(platform, 'busy')).find((build) => build.commit === commit),
    (build) => build !== undefined && until(build),
  );
const whileBuilding = () => eventually(buildContainers(platform), (names) => names.length > 0);

describe('pushes to one app at the same time', () => {
  it('runs one; the newest waits; the one between is told that it was replaced', async () => {
    const commits = {
      first: await app.commit(slowBuild('first', 4)),
      second: await app.commit(slowBuild('second', 1)),
      third: await app.commit(slowBuild('third', 1)),
    };
    const first = app.startPush(`${commits.first}:main`);
    await buildOf(commits.first, ({ state }) => state === 'pending');
    const second = app.startPush(`${commits.second}:main`);
    await buildOf(commits.second, ({ state }) => state === 'queued');
    const third = app.startPush(`${commits.third}:main`);
    const [one, two, three] = await Promise.all([first.done, second.done, third.done]);

    expect(one.exitCode, one.stderr).toBe(0);
    expect(one.stderr).toContain('Released v2');
    expect(two.exitCode).not.toBe(0);
    expect(two.stderr).toContain(`Queued behind the build of ${commits.first.slice(0, 7)}`);
    expect(two.stderr).toContain(`Replaced by the push of ${commits.third.slice(0, 7)}`);
    expect(two.stderr).toContain('(replaced by a newer push)');
    expect(three.exitCode, three.stderr).toBe(0);
    expect(three.stderr).toContain('Released v3');
    expect(await headOf('main')).toBe(commits.third);
    expect((await ask(platform, 'busy')).body).toBe('echo third\n');
    expect((await builds(platform, 'busy')).map(({ state }) => state)).toEqual([
      'succeeded',
      'replaced',
      'succeeded',
      'succeeded',
    ]);
  });

  it('lets of two the second wait, and both go live in their order', async () => {
    const before = await app.commit(slowBuild('fourth', 2));
    const after = await app.commit(slowBuild('fifth', 1));
    const first = app.startPush(`${before}:main`);
    await buildOf(before, ({ state }) => state === 'pending');
    const second = await app.push(`${after}:main`);
    expect((await first.done).exitCode, first.stderr()).toBe(0);
    expect(second.exitCode, second.stderr).toBe(0);
    expect(await headOf('main')).toBe(after);
    expect((await ask(platform, 'busy')).body).toBe('echo fifth\n');
  });

  it('refuses one that lost the race for the ref', async () => {
    const base = await app.commit(slowBuild('base', 1));
    expect((await app.push()).exitCode).toBe(0);
    const ours = await app.commit(slowBuild('ours', 2));
    await app.git('reset', '--hard', '--quiet', base);
    const theirs = await app.commit(slowBuild('theirs', 1));
    const first = app.startPush(`${ours}:main`);
    await buildOf(ours, ({ state }) => state === 'pending');
    const second = await app.push(`${theirs}:main`);
    expect((await first.done).exitCode, first.stderr()).toBe(0);
    expect(second.exitCode).not.toBe(0);
    expect(second.stderr).toContain('moved to');
    expect(await headOf('main')).toBe(ours);
    expect((await ask(platform, 'busy')).body).toBe('echo ours\n');
    await app.git('reset', '--hard', '--quiet', ours);
  });
});

describe('a pusher who leaves', () => {
  it('changes nothing: the build goes on and the release goes live', async () => {
    const commit = await app.commit(slowBuild('alone', 2));
    const push = app.startPush();
    await whileBuilding();
    push.child.kill('SIGKILL');
    await push.done;
    await askUntil(platform, 'busy', ({ body }) => body === 'echo alone\n');
    const build = await buildOf(commit, ({ finished }) => finished);
    expect(build).toMatchObject({ state: 'succeeded' });
    expect(await headOf('main')).toBe(commit);
  });
});

describe('canceling a build', () => {
  it('kills its container, rejects the push and leaves what runs', async () => {
    const before = await headOf('main');
    const commit = await app.commit(slowBuild('never', 300));
    const push = app.startPush();
    const { id } = (await buildOf(commit, () => true)) ?? { id: '' };
    await whileBuilding();
    expect((await platform.api('DELETE', `/apps/busy/builds/${id}`)).status).toBe(202);
    const { exitCode, stderr } = await push.done;
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('Build canceled.');
    expect(stderr).toContain('! [remote rejected] main -> main (build canceled)');
    await eventually(buildContainers(platform), (names) => names.length === 0);
    expect(await headOf('main')).toBe(before);
    expect((await ask(platform, 'busy')).body).toBe('echo alone\n');
    expect((await platform.api('DELETE', `/apps/busy/builds/${id}`)).status).toBe(422);
    const after = await app.commit(slowBuild('again', 0));
    expect((await app.push()).exitCode).toBe(0);
    expect(await headOf('main')).toBe(after);
  });
});

describe('destroying an app while it builds', () => {
  it('stops the build and its instances, and tells the pusher', async () => {
    await app.commit(slowBuild('never', 300));
    const push = app.startPush();
    await whileBuilding();
    expect((await platform.api('DELETE', '/apps/busy')).status).toBe(200);
    const { exitCode, stderr } = await push.done;
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('! [remote rejected] main -> main (app destroyed)');
    await eventually(buildContainers(platform), (names) => names.length === 0);
    await eventually(instanceContainers(platform), (names) => names.length === 0);
    expect((await ask(platform, 'busy')).status).toBe(404);
  });
});
