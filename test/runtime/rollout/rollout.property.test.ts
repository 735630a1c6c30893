import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Behaviour, Simulation } from './simulation.ts';

type Step =
  | { readonly type: 'deploy'; readonly behaviour: Behaviour }
  | { readonly type: 'crash'; readonly pick: number }
  | { readonly type: 'remove'; readonly pick: number }
  | { readonly type: 'scale'; readonly process: string; readonly quantity: number }
  | { readonly type: 'resize'; readonly size: string }
  | { readonly type: 'restart'; readonly selector: string | undefined }
  | { readonly type: 'kill' | 'engine' | 'database' | 'events' | 'watches' | 'failing-start' }
  | { readonly type: 'maintenance'; readonly on: boolean }
  | { readonly type: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ type: fc.constant('maintenance' as const), on: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('deploy' as const),
      behaviour: fc.constantFrom<Behaviour>('good', 'good', 'slow', 'exits', 'never-binds'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('crash' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('remove' as const), pick: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('scale' as const),
      process: fc.constantFrom('web', 'worker'),
      quantity: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('resize' as const), size: fc.constantFrom('standard-1x', 'standard-2x') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('restart' as const),
      selector: fc.constantFrom(undefined, 'web', 'web.1'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'kill' as const,
        'engine' as const,
        'database' as const,
        'events' as const,
        'watches' as const,
        'failing-start' as const,
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat(400), fc.nat(5_000), fc.nat(90_000)),
    }),
  },
);

async function perform(world: Simulation, one: Step, version: number): Promise<void> {
  switch (one.type) {
    case 'deploy':
      world.deploy(world.release(version, one.behaviour));
      return;
    case 'crash':
      world.crash([...world.containers.keys()][one.pick] ?? '');
      return;
    case 'remove': {
      const id = [...world.containers.keys()][one.pick] ?? '';
      world.crash(id, 137);
      if (world.containers.get(id)?.instance.state === 'exited') world.containers.delete(id);
      return;
    }
    case 'scale':
      world.scale(one.process, one.quantity);
      return;
    case 'resize':
      world.scale('web', world.app?.formation.find(({ type }) => type === 'web')?.quantity ?? 1, one.size);
      return;
    case 'restart':
      await world.rollout.restart('app-1', one.selector).catch(() => undefined);
      return;
    case 'maintenance':
      world.maintain(one.on);
      return;
    case 'kill':
      await world.kill();
      await world.boot();
      return;
    case 'engine':
      world.isEngineUp = !world.isEngineUp;
      if (!world.isEngineUp) world.breakWatches();
      return;
    case 'database':
      world.isDatabaseUp = !world.isDatabaseUp;
      return;
    case 'events':
      world.losesEvents = !world.losesEvents;
      return;
    case 'watches':
      world.breakWatches();
      return;
    case 'failing-start':
      world.failingStarts += 1;
      return;
    case 'wait':
      await world.clock.advance(one.ms);
  }
}

function wantedNames(world: Simulation): readonly string[] {
  const { app } = world;
  if (app?.current === undefined) return [];
  const { version } = app.current;
  return app.formation
    .flatMap(({ type, quantity }) => Array.from({ length: quantity }, (_, index) => `v${version} ${type}.${index + 1}`))
    .toSorted();
}

describe('runtime/rollout', () => {
  it('converges after any events, never ends the last healthy instance first, never leaks one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), fc.integer(), async (steps, seed) => {
        const random = fc.sample(fc.double({ min: 0, max: 0.999, noNaN: true }), { numRuns: 50, seed });
        let next = 0;
        const world = new Simulation(() => random[next++ % random.length] ?? 0);
        await world.boot();
        world.deploy(world.release(1, 'good'));
        for (const [index, one] of steps.entries()) await perform(world, one, index + 2);
        world.isEngineUp = true;
        world.isDatabaseUp = true;
        world.losesEvents = false;
        world.failingStarts = 0;
        await world.clock.advance(30 * 60_000);

        expect(world.violations).toEqual([]);
        expect(world.app?.candidate).toBeUndefined();
        // Scaled to 0, a release goes live that cannot run: its web crashes ever after, which is as it should be.
        const isSound = !/exits|never/.test(world.app?.current?.image ?? '');
        const containers = [...world.containers.values()].filter(({ spec }) => isSound || spec.processType !== 'web');
        const wanted = wantedNames(world).filter((name) => isSound || !name.includes(' web.'));
        const running = containers.map(
          ({ instance: { state, releaseVersion, processType, slot } }) =>
            `${state === 'running' ? '' : `${state} `}v${releaseVersion} ${processType}.${slot}`,
        );
        expect(running.toSorted()).toEqual(wanted);
        const route = world.routes.get('app-1');
        if (world.app?.maintenance) expect(route?.state).toBe('maintenance');
        const targets = route?.targets.map(({ name, releaseVersion }) => `v${releaseVersion} ${name}`);
        const wantedTargets = world.app?.maintenance ? [] : wanted.filter((name) => name.includes(' web.'));
        expect(targets?.toSorted()).toEqual(wantedTargets);
        await world.kill();
      }),
      { numRuns: Number(process.env.ROLLOUT_RUNS ?? 60) },
    );
  });
});
