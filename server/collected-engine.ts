import type { LogCollector } from '../runtime/logs/collector.ts';
import type { Engine } from './domain/engine.ts';
import type { Instance } from './domain/instance.ts';

/** The longest that an instance is kept for lines that do not come, e.g. from an engine that hangs. */
const longestWaitMs = 5_000;

/** The engine as rollout uses it, with every instance's lines collected: from its start on, and to the end before it is removed. */
export function collectLogs(engine: Engine, collector: LogCollector): Engine {
  let listed: readonly Instance[] = [];

  function take(instances: readonly Instance[]): void {
    listed = instances;
    collector.sync(instances);
  }

  return {
    ...engine,
    instances: async () => {
      const instances = await engine.instances();
      take(instances);
      return instances;
    },
    start: async (spec) => {
      const instance = await engine.start(spec);
      take([...listed, instance]);
      return instance;
    },
    remove: async (instanceId) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, longestWaitMs);
      await Promise.race([collector.collected(instanceId), promise]).finally(() => clearTimeout(timer));
      await engine.remove(instanceId);
    },
  };
}
