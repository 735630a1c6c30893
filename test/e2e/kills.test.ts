import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { runCommand } from '../support/run-command.ts';
import { buildContainers, instanceContainers } from './containers.ts';
import { type Load, startLoad } from './load.ts';
import { createRepository, type Repository, testApp } from './repository.ts';
import { ask } from './requests.ts';

let platform: TestPlatform;
let app: Repository;
let load: Load;
let pushes = 0;

beforeAll(async () => {
  platform = await startPlatform();
  app = await createRepository(platform, 'survivor', testApp('echo'));
  const push = await app.push();
  if (push.exitCode !== 0) throw new Error(push.stderr);
}, 300_000);
afterAll(() => platform?.down());
beforeEach(() => {
  load = startLoad(platform, 'survivor', { clients: 5, pauseMs: 20 });
  return () => load.stop();
});

async function pidOf(name: string): Promise<number> {
  const text = await readFile(join(platform.data, 'run', `${name}.pid`), 'utf8');
  return Number(text.split(' ')[0]);
}

/** Kills it, and answers once another one has taken its place. */
async function kill(name: string): Promise<void> {
  const pid = await pidOf(name);
  process.kill(pid, 'SIGKILL');
  await eventually(
    () => pidOf(name),
    (now) => now !== pid,
  );
}

/** The platform as a whole still works: a push goes live. git itself does not try again, so a user may have to. */
async function expectPushGoesLive(): Promise<void> {
  pushes++;
  await app.commit({ 'version.json': JSON.stringify(`after ${pushes}`), 'package.json': packageJson(undefined) });
  const push = await eventually(
    () => app.push(),
    ({ exitCode }) => exitCode === 0,
    30_000,
  );
  expect(push.stderr).toContain('Launching... Released');
  expect((await ask(platform, 'survivor')).body).toBe(`echo after ${pushes}\n`);
}

const packageJson = (build: string | undefined) =>
  JSON.stringify({
    name: 'echo',
    private: true,
    engines: { node: '24.x' },
    scripts: { build, start: 'node server.js' },
  });

/** A build that lasts long enough to kill something meanwhile. */
async function startSlowPush() {
  pushes++;
  const version = `slow ${pushes}`;
  await app.commit({
    'version.json': JSON.stringify(version),
    'package.json': packageJson(`echo building ${pushes}; sleep 4`),
  });
  const push = app.startPush();
  await eventually(buildContainers(platform), (names) => names.length > 0);
  return { version, push };
}

describe('a program that is killed', () => {
  it('server: apps go on answering, and what was running is taken over', async () => {
    const before = await instanceContainers(platform)();
    await kill('server');
    await expectPushGoesLive();
    expect(await load.stop()).toMatchObject({ failures: [] });
    expect(before).toHaveLength(1);
  });

  it('server, in the middle of a build: the build goes live though its pusher was cut off', async () => {
    const { version, push } = await startSlowPush();
    await kill('server');
    expect((await push.done).exitCode).not.toBe(0);
    await eventually(
      () => ask(platform, 'survivor'),
      ({ body }) => body === `echo ${version}\n`,
      30_000,
    );
    const head = (await app.git('rev-parse', 'HEAD')).stdout.trim();
    await eventually(
      () => app.git('ls-remote', 'shipway', 'main'),
      ({ stdout }) => stdout.startsWith(head),
    );
    await expectPushGoesLive();
    expect(await load.stop()).toMatchObject({ failures: [] });
  });

  it('worker, in the middle of a build: the pusher sees another one take it up and end it', async () => {
    const { version, push } = await startSlowPush();
    await kill('worker');
    const { exitCode, stderr } = await push.done;
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('Launching... Released');
    expect((await ask(platform, 'survivor')).body).toBe(`echo ${version}\n`);
    expect(await buildContainers(platform)()).toEqual([]);
    await expectPushGoesLive();
    expect(await load.stop()).toMatchObject({ failures: [] });
  });

  it('router: another one serves from the snapshot; only what was in flight or came meanwhile failed', async () => {
    await kill('router');
    await eventually(
      () => ask(platform, 'survivor').catch(() => undefined),
      (answer) => answer?.status === 200,
      5_000,
    );
    const { failures } = await load.stop();
    expect(failures.filter((failure) => !/^0 /.test(failure))).toEqual([]);
    load = startLoad(platform, 'survivor', { clients: 5 });
    await expectPushGoesLive();
    expect(await load.stop()).toMatchObject({ failures: [] });
  });

  it('router and server: the new router serves before the server is back', async () => {
    process.kill(await pidOf('server'), 'SIGSTOP');
    const stopped = await pidOf('server');
    await kill('router');
    const answer = await eventually(
      () => ask(platform, 'survivor').catch(() => undefined),
      (seen) => seen?.status === 200,
      5_000,
    );
    expect(answer?.body).toMatch(/^echo/);
    process.kill(stopped, 'SIGCONT');
    await expectPushGoesLive();
  });

  it('PostgreSQL: apps go on answering, and the others find it again', async () => {
    await kill('postgres');
    await expectPushGoesLive();
    expect(await load.stop()).toMatchObject({ failures: [] });
  });

  it('PostgreSQL, in the middle of a build: the push goes live', async () => {
    const { version, push } = await startSlowPush();
    await kill('postgres');
    const { exitCode, stderr } = await push.done;
    expect(exitCode, stderr).toBe(0);
    expect((await ask(platform, 'survivor')).body).toBe(`echo ${version}\n`);
    expect(await load.stop()).toMatchObject({ failures: [] });
  });

  it('supervisor: nothing else notices, and up takes the others over', async () => {
    const names = ['postgres', 'router', 'server', 'worker'];
    const before = await Promise.all(names.map(pidOf));
    process.kill(await pidOf('supervisor'), 'SIGKILL');
    await eventually(
      () => platform.shipway(['status', '--json']),
      ({ exitCode }) => exitCode === 1,
    );
    await platform.up();
    expect(await Promise.all(names.map(pidOf))).toEqual(before);
    await kill('worker');
    await expectPushGoesLive();
    expect(await load.stop()).toMatchObject({ failures: [] });
  });

  it('all of them and the apps at once, as a power cut does: up brings all of it back', async () => {
    await load.stop();
    const { push } = await startSlowPush();
    const pids = await Promise.all(['supervisor', 'worker', 'server', 'router', 'postgres'].map(pidOf));
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const containers = [...(await instanceContainers(platform)()), ...(await buildContainers(platform)())];
    await runCommand('docker', ['kill', ...containers]);
    await push.done;
    await platform.up();
    const version = `echo slow ${pushes}\n`;
    await eventually(
      () => ask(platform, 'survivor'),
      ({ body }) => body === version,
      40_000,
    );
    await expectPushGoesLive();
  });
});
