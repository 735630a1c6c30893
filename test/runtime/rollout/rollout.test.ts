import { afterEach, describe, expect, it } from 'vitest';
import { Simulation } from './simulation.ts';

let world = new Simulation();
afterEach(async () => {
  await world.kill();
  expect(world.violations).toEqual([]);
});

async function started(): Promise<Simulation> {
  world = new Simulation();
  await world.boot();
  await world.clock.advance(100);
  return world;
}

/** v1 is live, with this many web instances. */
async function live(web = 1): Promise<Simulation> {
  await started();
  world.deploy(world.release(1, 'good'));
  world.scale('web', web);
  await world.clock.advance(5_000);
  expect(route()).toEqual({ state: 'live', targets: Array.from({ length: web }, (_, i) => `v1 web.${i + 1}`) });
  return world;
}

function route() {
  const found = world.routes.get('app-1');
  return { state: found?.state, targets: found?.targets.map((one) => `v${one.releaseVersion} ${one.name}`) };
}

function running(): readonly string[] {
  return world.running
    .map(({ instance }) => `v${instance.releaseVersion} ${instance.processType}.${instance.slot}`)
    .toSorted();
}

function said(instance: string): readonly string[] {
  return world.lines.filter((line) => line.instance === instance).map(({ text }) => text);
}

describe('runtime/rollout/rollout', () => {
  it('holds requests while a first release boots, then goes live', async () => {
    await started();
    world.deploy(world.release(1, 'good'));
    await world.clock.advance(50);
    expect(route()).toEqual({ state: 'booting', targets: [] });
    await world.clock.advance(1_000);
    expect(route()).toEqual({ state: 'live', targets: ['v1 web.1'] });
    expect(world.settled).toEqual([
      { version: 1, outcome: { status: 'succeeded', startMs: expect.any(Number), routeMs: 8 } },
    ]);
    expect(said('web.1')).toEqual(['Starting process with command `run web`', 'State changed from starting to up']);
    expect(world.startedSpecs[0]?.env).toEqual({ PORT: '5000', DYNO: 'web.1' });
  });

  it('needs one list and no sleep between the push and the acknowledged route', async () => {
    await live();
    const { listCalls } = world;
    const beganAtMs = world.clock.now();
    world.deploy(world.release(2, 'good'));
    // pull 10 + create 20 + start 100 + bind 80, found within the growing pause of the probe + publish 8
    while (world.settled.length < 2) await world.clock.advance(1);
    expect(world.clock.now() - beganAtMs).toBeLessThan(245);
    expect(world.listCalls - listCalls).toBeLessThanOrEqual(1);
  });

  it('starts the new release beside the old one, and stops the old one after the switch', async () => {
    await live();
    world.deploy(world.release(2, 'slow'));
    await world.clock.advance(10_000);
    expect(running()).toEqual(['v1 web.1', 'v2 web.1']);
    expect(route()).toEqual({ state: 'live', targets: ['v1 web.1'] });
    await world.clock.advance(30_000);
    expect(running()).toEqual(['v2 web.1']);
    expect(route()).toEqual({ state: 'live', targets: ['v2 web.1'] });
    expect(said('web.1').slice(-3)).toEqual([
      'Stopping all processes with SIGTERM',
      'Process exited with status 143',
      'State changed from up to down',
    ]);
    expect(world.containers.size).toBe(1);
  });

  it('starts other process types of a candidate at the switch', async () => {
    await live();
    world.scale('worker', 1);
    await world.clock.advance(1_000);
    world.deploy(world.release(2, 'slow'));
    await world.clock.advance(15_000);
    expect(running()).toEqual(['v1 web.1', 'v1 worker.1', 'v2 web.1']);
    await world.clock.advance(30_000);
    expect(running()).toEqual(['v2 web.1', 'v2 worker.1']);
  });

  it('fails a candidate that exits, with its last lines, and never touches the current release', async () => {
    await live(2);
    const before = world.running.map(({ instance }) => instance.id);
    world.deploy(world.release(2, 'exits'));
    await world.clock.advance(20_000);
    expect(world.settled.at(-1)).toEqual({
      version: 2,
      outcome: {
        status: 'failed',
        failure: 'Cannot start release v2: web.1 exited with status 3.\nIts last lines:\n    Error:  [31mno module',
      },
    });
    expect(world.running.map(({ instance }) => instance.id)).toEqual(before);
    expect(world.containers.size).toBe(2);
    expect(route()).toEqual({ state: 'live', targets: ['v1 web.1', 'v1 web.2'] });
  });

  it('fails a candidate that does not bind its port (R10)', async () => {
    await live();
    world.deploy(world.release(2, 'never-binds'));
    await world.clock.advance(70_000);
    const outcome = world.settled.at(-1)?.outcome;
    expect(outcome?.status === 'failed' && outcome.failure.split('\n')[0]).toBe(
      'Cannot start release v2: nothing listened on port 5000 within 60 s. Bind 0.0.0.0:$PORT.',
    );
    expect(running()).toEqual(['v1 web.1']);
  });

  it('says that a candidate ran out of memory', async () => {
    await live();
    world.deploy(world.release(2, 'slow'));
    await world.clock.advance(2_000);
    world.crash('i2', 137, true);
    await world.clock.advance(2_000);
    const outcome = world.settled.at(-1)?.outcome;
    expect(outcome?.status === 'failed' && outcome.failure).toContain(
      'web.1 used up its 512 MB of memory and was killed.',
    );
    expect(said('web.1')).toContain('Error R15 (Memory quota vastly exceeded)');
  });

  it('fails a candidate that the engine refuses three times, and waits out an engine that is away', async () => {
    await live();
    world.failingStarts = 3;
    world.deploy(world.release(2, 'good'));
    await world.clock.advance(10_000);
    expect(world.settled.at(-1)?.outcome).toEqual({
      status: 'failed',
      failure: 'Cannot start release v2: the engine could not start it',
    });
    world.isEngineUp = false;
    world.deploy(world.release(3, 'good'));
    await world.clock.advance(120_000);
    expect(world.settled.at(-1)?.version).toBe(2);
    world.isEngineUp = true;
    await world.clock.advance(60_000);
    expect(route()).toEqual({ state: 'live', targets: ['v3 web.1'] });
  });

  it('replaces a pending candidate by a newer one', async () => {
    await live();
    world.deploy(world.release(2, 'never-binds'));
    await world.clock.advance(2_000);
    world.deploy(world.release(3, 'good'));
    await world.clock.advance(30_000);
    expect(running()).toEqual(['v3 web.1']);
  });

  it('settles a candidate with web scaled to 0 at once', async () => {
    await live();
    world.scale('web', 0);
    await world.clock.advance(20_000);
    expect(route()).toEqual({ state: 'stopped', targets: [] });
    world.deploy(world.release(2, 'never-binds'));
    await world.clock.advance(100);
    expect(world.settled.at(-1)?.outcome.status).toBe('succeeded');
  });

  it('restarts what crashed: at once, then after growing waits, and says crashed meanwhile', async () => {
    await live();
    const crash = () => world.crash(world.running[0]?.instance.id ?? '', 0);
    crash();
    await world.clock.advance(1_000);
    expect(route()).toEqual({ state: 'live', targets: ['v1 web.1'] });
    expect(said('web.1').slice(2)).toEqual([
      'Process exited with status 0',
      'State changed from up to crashed',
      'State changed from crashed to starting',
      'Starting process with command `run web`',
      'State changed from starting to up',
    ]);
    crash();
    await world.clock.advance(800);
    expect(route()).toEqual({ state: 'crashed', targets: [] });
    expect(await world.rollout.views('app-1')).toMatchObject([{ state: 'crashed', command: 'run web' }]);
    await world.clock.advance(600);
    expect(route()).toEqual({ state: 'live', targets: ['v1 web.1'] });
    crash();
    await world.clock.advance(1_900);
    expect(route().state).toBe('crashed');
    await world.rollout.restart('app-1', 'web.1');
    await world.clock.advance(400);
    expect(route().state).toBe('live');
  });

  it('never gives up on a release that cannot run, and never spins', async () => {
    await live();
    world.scale('web', 0);
    await world.clock.advance(20_000);
    world.deploy(world.release(2, 'exits'));
    await world.clock.advance(1_000);
    world.scale('web', 1);
    const starts = world.startedSpecs.length;
    await world.clock.advance(3_600_000);
    const tries = world.startedSpecs.length - starts;
    expect(tries).toBeGreaterThan(13);
    expect(tries).toBeLessThan(17);
    expect(world.containers.size).toBeLessThanOrEqual(1);
  });

  it('kills a web process of the current release that does not bind (R10)', async () => {
    await live();
    world.scale('web', 0);
    await world.clock.advance(20_000);
    world.deploy(world.release(2, 'never-binds'));
    await world.clock.advance(1_000);
    world.scale('web', 1);
    await world.clock.advance(62_000);
    expect(said('web.1')).toContain(
      'Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch',
    );
    expect(said('web.1').at(-2)).toBe('State changed from crashed to starting');
  });

  it('stops the highest slots when scaled down', async () => {
    await live(3);
    world.scale('web', 1);
    await world.clock.advance(40_000);
    expect(running()).toEqual(['v1 web.1']);
    world.scale('web', 2);
    await world.clock.advance(1_000);
    expect(route()).toEqual({ state: 'live', targets: ['v1 web.1', 'v1 web.2'] });
  });

  it('replaces instances whose size has changed, new ones first', async () => {
    await live();
    world.scale('web', 1, 'standard-2x');
    await world.clock.advance(30_000);
    expect(world.running.map(({ spec }) => spec.limits.memoryBytes)).toEqual([2 ** 30]);
  });

  it('restarts an instance by a fresh one first', async () => {
    await live(2);
    await world.rollout.restart('app-1', 'web.2');
    await world.clock.advance(30_000);
    expect(world.running.map(({ instance }) => instance.id)).toEqual(['i1', 'i3']);
    await expect(world.rollout.restart('app-1', 'web.9')).rejects.toMatchObject({
      code: 'not_found',
      resource: 'dyno',
    });
  });

  it('stops an instance when asked, and starts its slot again', async () => {
    await live(2);
    await world.rollout.stop('app-1', 'web.1');
    await world.clock.advance(30_000);
    expect(world.running.map(({ instance }) => instance.id)).toEqual(['i2', 'i3']);
  });

  it('answers for maintenance without stopping anything', async () => {
    await live();
    world.maintain(true);
    await world.clock.advance(10_000);
    expect(route()).toEqual({ state: 'maintenance', targets: [] });
    expect(running()).toEqual(['v1 web.1']);
    world.maintain(false);
    await world.clock.advance(100);
    expect(route()).toEqual({ state: 'live', targets: ['v1 web.1'] });
  });

  it('adopts what runs after a restart, and publishes only after a look at it', async () => {
    await live(2);
    const published = world.routes.get('app-1');
    await world.kill();
    await world.boot();
    let isReady = false;
    const markReady = () => {
      isReady = true;
    };
    world.rollout.ready.then(markReady, markReady);
    await world.clock.advance(10);
    expect(world.routes.get('app-1')).toBe(published);
    expect(isReady).toBe(false);
    await world.clock.advance(10_000);
    expect(isReady).toBe(true);
    expect(world.startedSpecs.length).toBe(2);
    expect(route()).toEqual({ state: 'live', targets: ['v1 web.1', 'v1 web.2'] });
  });

  it('leaves routes alone while the engine is away, and says so once', async () => {
    await live();
    const published = world.routes.get('app-1');
    world.isEngineUp = false;
    world.breakWatches();
    await world.clock.advance(300_000);
    expect(world.routes.get('app-1')).toBe(published);
    const told = world.platformLog.filter((text) => text.includes('routes stay as they are'));
    expect(told.length).toBe(1);
    world.isEngineUp = true;
    await world.clock.advance(60_000);
    expect(world.startedSpecs.length).toBe(1);
  });

  it('finds what it was not told: a lost event, an instance removed by hand', async () => {
    await live();
    world.losesEvents = true;
    world.crash('i1');
    await world.clock.advance(6_000);
    expect(world.running.map(({ instance }) => instance.id)).toEqual(['i2']);
    world.containers.clear();
    await world.clock.advance(10_000);
    expect(world.running.map(({ instance }) => instance.id)).toEqual(['i3']);
  });

  it('removes everything of an app that is gone', async () => {
    await live(2);
    world.app = undefined;
    world.rollout.wake('app-1');
    await world.clock.advance(60_000);
    expect(world.containers.size).toBe(0);
    expect(world.routes.size).toBe(0);
    expect(await world.rollout.views('app-1')).toEqual([]);
  });

  it('removes an app at once when told to', async () => {
    await live(2);
    world.app = undefined;
    const removed = world.rollout.removeApp('app-1');
    await world.clock.advance(100);
    await removed;
    expect(world.containers.size).toBe(0);
    expect(world.routes.size).toBe(0);
  });

  it('goes on with the last desired state while the database is away', async () => {
    await live();
    world.isDatabaseUp = false;
    world.rollout.wake('app-1');
    world.crash('i1');
    await world.clock.advance(2_000);
    expect(route()).toEqual({ state: 'live', targets: ['v1 web.1'] });
  });
});
