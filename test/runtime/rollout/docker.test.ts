import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../../runtime/engine/docker-engine.ts';
import { createHostRules } from '../../../runtime/engine/host-rules.ts';
import { systemClock } from '../../../runtime/rollout/clock.ts';
import { createRollout, type RunningRollout } from '../../../runtime/rollout/rollout.ts';
import type { DesiredApp, DesiredRelease, RolloutOutcome } from '../../../server/domain/desired.ts';
import type { AppRoute, Routes } from '../../../server/domain/route.ts';
import { run } from '../engine/run-command.ts';
import { importTestImage, removeTestImage } from '../engine/test-image.ts';

const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
const platformId = `r${randomBytes(4).toString('hex')}`;
const limits = { memoryBytes: 64 * 2 ** 20, cpus: 1, pids: 32 };
const lines: string[] = [];
const log = (line: string) => lines.push(line);
const engine = createDockerEngine({
  host,
  platformId,
  registry: { host: '127.0.0.1:1', username: 'none', password: 'none' },
  hostRules: createHostRules({ platformId, run, log }),
  log,
});

let image = '';
let app: DesiredApp;
let route: AppRoute | undefined;
let rollout: RunningRollout;
const outcomes = new Map<number, RolloutOutcome>();

/** A server that answers its release's version to every connection. */
function release(version: number, command = `exec nc -ll -p $PORT -e echo v${version}`): DesiredRelease {
  const web = { type: 'web', command: `trap 'exit 0' TERM; ${command}` };
  return { version, image, processTypes: [web], env: {} };
}

const routes: Routes = {
  publish: async (next) => {
    route = next;
  },
  remove: async () => {
    route = undefined;
  },
  drained: async () => undefined,
};

function boot(): RunningRollout {
  return createRollout({
    engine,
    routes,
    logs: { append: (_, written) => lines.push(...written.map(({ instance, text: said }) => `${instance}: ${said}`)) },
    desired: async (appId) => (appId === app.appId ? app : undefined),
    appIds: async () => [app.appId],
    settle: async (_, version, outcome) => {
      if (app.candidate?.version !== version) return;
      outcomes.set(version, outcome);
      app = { ...app, candidate: undefined, current: outcome.status === 'succeeded' ? app.candidate : app.current };
    },
    clock: systemClock,
    random: Math.random,
    bootTimeoutMs: 5_000,
    stopGraceMs: 1_000,
    log,
  });
}

async function until(hoped: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await hoped())) await sleep(20);
}

async function deploy(candidate: DesiredRelease): Promise<RolloutOutcome | undefined> {
  app = { ...app, candidate };
  rollout.wake(app.appId);
  await until(() => outcomes.has(candidate.version));
  return outcomes.get(candidate.version);
}

/** One request to whoever is routed now. */
async function request(): Promise<string> {
  const target = route?.targets[0];
  if (target === undefined) return sleep(20, 'nobody');
  const socket = connect({ host: target.host, port: target.port });
  return (await text(socket).catch((error: Error) => error.message)).trim();
}

const running = async () => (await engine.instances()).filter(({ state }) => state === 'running');

beforeAll(async () => {
  image = await importTestImage(host);
  const formation = [{ type: 'web', quantity: 1, size: 'standard-1x', limits }];
  const hosts = ['hello.localhost'];
  app = {
    appId: 'app-r',
    appName: 'hello',
    hosts,
    maintenance: false,
    current: undefined,
    candidate: undefined,
    formation,
  };
  rollout = boot();
  await rollout.start();
  await rollout.ready;
});

afterAll(async () => {
  await rollout.close();
  await engine.shutDown();
  await removeTestImage(host, image);
  engine.close();
});

describe('runtime/rollout on Docker', () => {
  it('brings up a first release', async () => {
    expect(route?.state).toBe('blank');
    expect(await deploy(release(1))).toMatchObject({ status: 'succeeded' });
    expect(route).toMatchObject({ state: 'live', targets: [{ name: 'web.1', port: 5000, releaseVersion: 1 }] });
    expect(await request()).toBe('v1');
  });

  it('switches to the next one without a failed request', async () => {
    const answers = new Set<string>();
    let isOver = false;
    const load = (async () => {
      while (!isOver) answers.add(await request());
    })();
    const outcome = await deploy(release(2));
    await until(async () => (await engine.instances()).length === 1);
    isOver = true;
    await load;
    expect(outcome).toMatchObject({ status: 'succeeded' });
    expect([...answers].toSorted()).toEqual(['v1', 'v2']);
  });

  it('fails a release that exits, with its last lines, and keeps the one before', async () => {
    const before = (await running()).map(({ id }) => id);
    expect(await deploy(release(3, 'echo no database; exit 4'))).toEqual({
      status: 'failed',
      failure: 'Cannot start release v3: web.1 exited with status 4.\nIts last lines:\n    no database',
    });
    await until(async () => (await engine.instances()).length === 1);
    expect((await running()).map(({ id }) => id)).toEqual(before);
    expect(await request()).toBe('v2');
  });

  it('fails a release that listens on another port', async () => {
    const outcome = await deploy(release(4, 'echo on 3000; exec nc -ll -p 3000 -e echo v4'));
    expect(outcome?.status === 'failed' && outcome.failure).toBe(
      'Cannot start release v4: nothing listened on port 5000 within 5 s. Bind 0.0.0.0:$PORT.\nIts last lines:\n    on 3000',
    );
    expect(await request()).toBe('v2');
  });

  it('restarts what crashed', async () => {
    const crashed = route?.targets[0]?.instanceId ?? '';
    await engine.stop(crashed, { graceMs: 0 });
    await until(() => route?.targets[0] !== undefined && route.targets[0].instanceId !== crashed);
    expect(await request()).toBe('v2');
    expect(lines).toContain('web.1: State changed from up to crashed');
  });

  it('takes over what runs after a restart of the platform', async () => {
    await until(async () => (await engine.instances()).length === 1);
    const before = await running();
    await rollout.close();
    rollout = boot();
    await rollout.start();
    await rollout.ready;
    expect(route).toMatchObject({ state: 'live', targets: [{ instanceId: before[0]?.id }] });
    expect((await running()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });
});
