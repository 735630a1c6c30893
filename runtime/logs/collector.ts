import type { Engine, EngineLogLine } from '../../server/domain/engine.ts';
import { ShipwayError } from '../../server/domain/error.ts';
import { type Instance, instanceName } from '../../server/domain/instance.ts';
import type { LogLine } from '../../server/domain/log.ts';
import type { InstanceLogs } from './file-logs.ts';

/** Copies what instances write from the engine into their apps' logs. */
export interface LogCollector {
  /**
   * Takes the engine's list: new instances are followed, ended ones are read to their end. Call it after each look at the engine; it also
   * takes up what a lost connection ended.
   */
  sync(instances: readonly Instance[]): void;
  /** Resolves when all that an ended instance wrote is stored: wait for it before removing the instance, whose lines go with it. */
  collected(instanceId: string): Promise<void>;
  /** Stops following. Where it stopped, the next collector goes on. */
  close(): Promise<void>;
}

/** How many bytes of an instance may wait for the disk: the engine keeps the rest. */
const maxWaitingBytes = 256 * 2 ** 10;

export function createLogCollector(options: {
  readonly engine: Pick<Engine, 'logs'>;
  readonly logs: InstanceLogs;
  readonly log: (text: string) => void;
}): LogCollector {
  const { logs, log } = options;
  const closing = new AbortController();
  const following = new Map<string, Promise<void>>();
  /** Ended, and read to the end. */
  const finished = new Set<string>();
  let listed = new Map<string, Instance>();

  async function follow(instance: Instance): Promise<void> {
    try {
      await copyLines(options, instance, closing.signal);
      // A stream also ends when the engine stops: only an instance that had ended before is read to its end.
      if (instance.state === 'exited') finished.add(instance.id);
    } catch (error) {
      if (isRemoved(error)) finished.add(instance.id);
      else log(`${instance.appName} ${instanceName(instance)}: its log is taken up again later. ${messageOf(error)}`);
    }
  }

  function start(instance: Instance): void {
    const done = follow(instance).finally(() => following.delete(instance.id));
    following.set(instance.id, done);
  }

  return {
    sync: (instances) => {
      if (closing.signal.aborted) return;
      listed = new Map(instances.map((instance) => [instance.id, instance]));
      for (const id of finished) if (!listed.has(id)) finished.delete(id);
      for (const instance of instances) {
        const known = following.has(instance.id) || finished.has(instance.id) || instance.state === 'created';
        if (!known) start(instance);
      }
      for (const [appId, ids] of idsByApp(instances)) {
        logs.keepCursors(appId, new Set([...ids, ...following.keys()])).catch((error: Error) => log(error.message));
      }
    },
    collected: async (instanceId) => {
      const instance = listed.get(instanceId);
      if (instance === undefined) return;
      if (!following.has(instanceId) && !finished.has(instanceId)) start(instance);
      await following.get(instanceId);
      await logs.stored(instance.appId, closing.signal);
    },
    close: async () => {
      closing.abort();
      await Promise.all(following.values());
      await logs.flush();
    },
  };
}

async function copyLines(
  { engine, logs }: { readonly engine: Pick<Engine, 'logs'>; readonly logs: InstanceLogs },
  instance: Instance,
  signal: AbortSignal,
): Promise<void> {
  const { appId, id: instanceId } = instance;
  const name = instanceName(instance);
  const after = await logs.cursorOf(appId, instanceId);
  let waitingBytes = 0;
  for await (const line of engine.logs(instanceId, { after, signal })) {
    logs.append(appId, [logLineOf(line, name)], { instanceId, cursor: line.cursor });
    waitingBytes += line.text.length;
    if (waitingBytes < maxWaitingBytes) continue;
    await logs.stored(appId, signal);
    waitingBytes = 0;
  }
}

function logLineOf(line: EngineLogLine, instance: string): LogLine {
  return { at: line.at, source: 'app', instance, text: line.text };
}

function idsByApp(instances: readonly Instance[]): Map<string, string[]> {
  const byApp = Map.groupBy(instances, (instance) => instance.appId);
  return new Map([...byApp].map(([appId, ofApp]) => [appId, ofApp.map((instance) => instance.id)]));
}

function isRemoved(error: unknown): boolean {
  return error instanceof ShipwayError && error.code === 'not_found';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
