import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../../server/domain/app.ts';
import { type Push, type RefResult, zeroOid } from '../../../server/domain/git.ts';
import type { ReleaseImage } from '../../../server/domain/release.ts';
import { createRepositories } from '../../../server/git/repositories.ts';
import { createAppLocks } from '../../../server/pipeline/app-locks.ts';
import { Deploys } from '../../../server/pipeline/deploy.ts';
import { createPushReceiver } from '../../../server/pipeline/receive-push.ts';
import { ReleasePipeline } from '../../../server/pipeline/releases.ts';
import { type OpenStores, openStores } from '../../../server/store/open-stores.ts';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.ts';

const execute = promisify(execFile);
const image: ReleaseImage = {
  repository: 'app',
  digest: `sha256:${'a'.repeat(64)}`,
  sizeBytes: 1,
  processTypes: [{ type: 'web', command: 'node server.js' }],
  buildpack: 'Node.js',
};

let postgres: TestPostgres;
let open: OpenStores;
let folder: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  open = await openStores({
    databaseUrl: postgres.url,
    secretKey: 'ab'.repeat(32),
    clock: () => new Date(),
    log: () => undefined,
  });
  folder = await mkdtemp(join(tmpdir(), 'shipway-deploy-'));
  await open.stores.users.create({ email: 'ada@example.com', password: 'correct horse battery' });
});

afterAll(async () => {
  await open.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The pipeline on real stores and repositories; builds and rollouts end as the test says. */
async function makePipeline() {
  const { stores } = open;
  const user = await stores.users.first();
  if (!user) throw new Error('no user');
  const app: App = await stores.apps.create({
    name: `app-${Math.random().toString(36).slice(2, 10)}`,
    ownerId: user.id,
  });
  const repositories = createRepositories({ root: join(folder, 'repositories') });
  await repositories.create(app.id);
  const queued: string[] = [];
  const queue = { add: async (buildId: string) => void queued.push(buildId), close: async () => undefined };
  const logs = {
    append: () => undefined,
    read: async function* () {},
    remove: async () => undefined,
    flush: async () => undefined,
  };
  const releases = new ReleasePipeline({
    stores,
    locks: createAppLocks(),
    logs,
    wakeRollout: () => undefined,
    clock: () => new Date(),
  });
  const makeDeploys = () =>
    new Deploys({
      stores,
      queue,
      repositories,
      releases,
      webUrl: (name) => `http://${name}.localhost/`,
      log: () => undefined,
    });
  const deploys = makeDeploys();
  const receiver = createPushReceiver({ stores, repositories, deploys });
  const work = join(folder, `work-${app.name}`);
  const git = async (...args: string[]) =>
    (await execute('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: work })).stdout.trim();
  await execute('git', ['init', '-q', '-b', 'main', work]);

  async function commit(message: string): Promise<string> {
    await git('commit', '-q', '--allow-empty', '-m', message);
    await git('push', '-q', repositories.pathOf(app.id), '+HEAD:refs/heads/objects');
    return git('rev-parse', 'HEAD');
  }

  function push(commands: Push['commands'], atomic = false) {
    const lines: string[] = [];
    const done: Promise<readonly RefResult[]> = receiver.receive(
      {
        appId: app.id,
        appName: app.name,
        userId: user?.id ?? '',
        userEmail: 'ada@example.com',
        commands,
        atomic,
        options: [],
        receivedAt: new Date(),
        receiveMs: 5,
      },
      (line) => lines.push(line),
    );
    return { lines, done };
  }

  return { app, stores, repositories, releases, queued, commit, push, git, makeDeploys };
}

type Pipeline = Awaited<ReturnType<typeof makePipeline>>;

async function until<T>(read: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const main = (newOid: string, oldOid = zeroOid) => ({ ref: 'refs/heads/main', oldOid, newOid });
const nextJob = ({ queued }: Pipeline) => until(() => queued.shift());
const pendingRelease = ({ stores, app }: Pipeline) =>
  until(async () => {
    const latest = await stores.releases.latest(app.id);
    return latest?.status === 'pending' ? latest : undefined;
  });

let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = await makePipeline();
});

describe('a push to main', () => {
  it('moves the ref only once the release is live, and shows the time line', async () => {
    const { app, stores, repositories, releases, commit, push } = pipeline;
    const head = await commit('one');
    const { lines, done } = push([main(head)]);
    const job = await nextJob(pipeline);
    await stores.builds.appendLines(job, ['-----> Node.js app detected']);
    await stores.builds.update(job, { status: 'succeeded', image });
    const release = await pendingRelease(pipeline);
    expect(await repositories.readRef(app.id, 'refs/heads/main')).toBeUndefined();
    await releases.settle(app.id, release.version, { status: 'succeeded', startMs: 400, routeMs: 4 });
    expect(await done).toEqual([{ ref: 'refs/heads/main', ok: true }]);
    expect(await repositories.readRef(app.id, 'refs/heads/main')).toBe(head);
    expect(lines).toContain('-----> Node.js app detected');
    expect(lines).toContain('-----> Launching... Released v1');
    expect(lines.at(-1)).toMatch(/receive 5 ms · start 400 ms · route 4 ms · total/);
  });

  it('is rejected when the build fails', async () => {
    const { app, stores, repositories, commit, push } = pipeline;
    const { lines, done } = push([main(await commit('one'))]);
    await stores.builds.update(await nextJob(pipeline), { status: 'failed', failure: 'Cannot find a start command.' });
    expect(await done).toEqual([{ ref: 'refs/heads/main', ok: false, reason: 'build failed' }]);
    expect(lines).toContain(' !     Cannot find a start command.');
    expect(await repositories.readRef(app.id, 'refs/heads/main')).toBeUndefined();
    expect(await stores.releases.latest(app.id)).toBeUndefined();
  });

  it('is rejected when the release does not go live', async () => {
    const { app, stores, releases, commit, push } = pipeline;
    const { lines, done } = push([main(await commit('one'))]);
    await stores.builds.update(await nextJob(pipeline), { status: 'succeeded', image });
    const { version } = await pendingRelease(pipeline);
    await releases.settle(app.id, version, { status: 'failed', failure: 'Cannot start release v1: nothing listened.' });
    expect(await done).toEqual([{ ref: 'refs/heads/main', ok: false, reason: 'release failed' }]);
    expect(lines.join('\n')).toContain('nothing listened');
  });

  it('goes live with a config change that overtakes it', async () => {
    const { app, stores, releases, commit, push } = pipeline;
    const { done } = push([main(await commit('one'))]);
    await stores.builds.update(await nextJob(pipeline), { status: 'succeeded', image });
    const first = await pendingRelease(pipeline);
    const draft = { description: 'Set A config var', image, commit: undefined, configVars: { A: '1' } };
    await releases.make({ appId: app.id, userId: first.userId, draft: () => draft });
    await releases.settle(app.id, 2, { status: 'succeeded', startMs: 1, routeMs: 1 });
    expect(await done).toEqual([{ ref: 'refs/heads/main', ok: true }]);
    expect((await stores.releases.find(app.id, 1))?.failure).toBe('Replaced by v2 before it was live.');
  });

  it('is taken up by the next server at the step where the last one died', async () => {
    const { app, stores, repositories, releases, commit, push, makeDeploys } = pipeline;
    const head = await commit('one');
    push([main(head)]);
    const job = await nextJob(pipeline);
    await stores.builds.update(job, { status: 'succeeded', image });
    const { version } = await pendingRelease(pipeline);
    await stores.releases.settle(app.id, version, { status: 'succeeded' });
    await makeDeploys().start();
    await until(async () => ((await stores.builds.find(job))?.finished ? true : undefined));
    expect(await repositories.readRef(app.id, 'refs/heads/main')).toBe(head);
    expect(releases).toBeDefined();
  });
});

describe('pushes at once', () => {
  it('runs one, keeps the newest waiting, and tells the one between', async () => {
    const { app, stores, repositories, releases, commit, push } = pipeline;
    const [one, two, three] = [await commit('one'), await commit('two'), await commit('three')];
    const first = push([main(one)]);
    const job = await nextJob(pipeline);
    const second = push([main(two)]);
    await until(() => second.lines.find((line) => line.includes('Queued behind')));
    const third = push([main(three)]);
    expect(await second.done).toEqual([{ ref: 'refs/heads/main', ok: false, reason: 'replaced by a newer push' }]);
    await stores.builds.update(job, { status: 'succeeded', image });
    await releases.settle(app.id, (await pendingRelease(pipeline)).version, {
      status: 'succeeded',
      startMs: 1,
      routeMs: 1,
    });
    expect((await first.done)[0]?.ok).toBe(true);
    await stores.builds.update(await nextJob(pipeline), { status: 'succeeded', image });
    await releases.settle(app.id, (await pendingRelease(pipeline)).version, {
      status: 'succeeded',
      startMs: 1,
      routeMs: 1,
    });
    expect((await third.done)[0]?.ok).toBe(true);
    expect(await repositories.readRef(app.id, 'refs/heads/main')).toBe(three);
  });

  it('rejects a waiting push whose branch went elsewhere', async () => {
    const { app, stores, releases, commit, push, git } = pipeline;
    const base = await commit('base');
    const mine = await commit('mine');
    const first = push([main(mine)]);
    const job = await nextJob(pipeline);
    await git('checkout', '-q', base);
    const other = push([main(await commit('other'))]);
    await until(() => other.lines.find((line) => line.includes('Queued behind')));
    await stores.builds.update(job, { status: 'succeeded', image });
    await releases.settle(app.id, (await pendingRelease(pipeline)).version, {
      status: 'succeeded',
      startMs: 1,
      routeMs: 1,
    });
    await first.done;
    expect(await other.done).toEqual([{ ref: 'refs/heads/main', ok: false, reason: 'build failed' }]);
    expect(other.lines.join('\n')).toMatch(/moved to [0-9a-f]{7} while this push waited/);
  });
});

describe('other refs', () => {
  it('stores another branch with a notice', async () => {
    const { app, repositories, commit, push } = pipeline;
    const head = await commit('one');
    const { lines, done } = push([{ ref: 'refs/heads/topic', oldOid: zeroOid, newOid: head }]);
    expect((await done)[0]?.ok).toBe(true);
    expect(lines.join('\n')).toContain('Stored topic. Only main or master deploys');
    expect(await repositories.readRef(app.id, 'refs/heads/topic')).toBe(head);
  });

  it('moves all or none of an atomic push with the deploy', async () => {
    const { app, stores, repositories, commit, push } = pipeline;
    const head = await commit('one');
    const { done } = push([main(head), { ref: 'refs/tags/v1', oldOid: zeroOid, newOid: head }], true);
    await stores.builds.update(await nextJob(pipeline), { status: 'failed', failure: 'no' });
    expect((await done).map(({ ok }) => ok)).toEqual([false, false]);
    expect(await repositories.readRef(app.id, 'refs/tags/v1')).toBeUndefined();
  });
});
