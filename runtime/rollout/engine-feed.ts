import type { Engine, EngineEvent } from '../../server/domain/engine.ts';
import type { Instance } from '../../server/domain/instance.ts';
import { retryWait } from './back-off.ts';
import { type Clock, sleep } from './clock.ts';

/** One list and one stream of events for all apps. Events are hints; the list is the truth. */
export interface EngineFeed {
  /** Connects in the background and keeps at it. */
  start(): void;
  refresh(): Promise<void>;
  lost(error: unknown): void;
  isAway(): boolean;
  close(): void;
}

export function createEngineFeed(options: {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nextTicket: () => number;
  readonly log: (text: string) => void;
  /** `ticket` is from before the list was asked for. */
  readonly onList: (instances: readonly Instance[], ticket: number) => void;
  readonly onEvent: (event: EngineEvent) => void;
  /** The engine can be reached (again), and its list has been taken. */
  readonly onBack: () => void;
}): EngineFeed {
  const { engine, clock, random, log } = options;
  const closing = new AbortController();
  const { signal } = closing;
  // Away until it has answered once: nothing is decided on an empty list that nobody gave.
  let isAway = true;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const list = async () => {
    const ticket = options.nextTicket();
    const instances = await engine.instances();
    if (!signal.aborted) options.onList(instances, ticket);
  };

  const lost = (error: unknown) => {
    if (isAway || signal.aborted) return;
    isAway = true;
    log(`rollout: the engine cannot be reached; routes stay as they are: ${String(error)}`);
    connect().catch((reason: unknown) => log(`rollout: ${String(reason)}`));
  };

  const connect = async () => {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await engine.prepare();
        await list();
        isAway = false;
        if (failures > 1) log('rollout: the engine answers again');
        if (!signal.aborted) options.onBack();
        return;
      } catch (error) {
        if (failures === 1) log(`rollout: cannot list instances, trying again until it works: ${String(error)}`);
        await sleep(clock, retryWait(failures, random), signal);
      }
    }
  };

  /** Calls that come while a list is under way share the one after it: the one under way may be older than their reason. */
  const refresh = (): Promise<void> => {
    if (isAway || signal.aborted) return Promise.resolve();
    if (running !== undefined) {
      next ??= running.then(() => {
        next = undefined;
        return refresh();
      });
      return next;
    }
    running = list()
      .catch(lost)
      .finally(() => {
        running = undefined;
      });
    return running;
  };

  const watch = async () => {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        for await (const event of engine.watch(signal)) {
          failures = 0;
          options.onEvent(event);
        }
      } catch {
        // Lost, which is no loss: the list below has what the events would have told.
      }
      await sleep(clock, retryWait(Math.max(1, failures), random), signal);
      await refresh();
    }
  };

  return {
    start: () => {
      connect().catch((error: unknown) => log(`rollout: ${String(error)}`));
      watch().catch((error: unknown) => log(`rollout: ${String(error)}`));
    },
    refresh,
    lost,
    isAway: () => isAway,
    close: () => closing.abort(),
  };
}
