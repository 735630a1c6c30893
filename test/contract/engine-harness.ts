import net from 'node:net';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import tar from 'tar-stream';
import type { Engine, EngineLogLine, JobSpec } from '../../server/domain/engine.ts';
import type { Instance, InstanceSpec } from '../../server/domain/instance.ts';

/** What the suite needs of a driver under test. */
export interface EngineHarness {
  readonly engine: Engine;
  /** Another platform on the same engine. */
  readonly neighbour: Engine;
  /** BusyBox, entrypoint `/bin/sh -c`, /app owned by 1000:1000. */
  readonly image: string;
  /** Shuts both platforms down and removes what the harness made. */
  close(): Promise<void>;
}

const megabyte = 2 ** 20;
const never = new AbortController().signal;

export const instanceSpec: InstanceSpec = {
  appId: 'app-one',
  appName: 'one',
  processType: 'web',
  slot: 1,
  releaseVersion: 1,
  image: '',
  command: 'sleep 600',
  env: {},
  limits: { memoryBytes: 64 * megabyte, cpus: 1, pids: 32 },
};

export const jobSpec: JobSpec = {
  name: 'build-1-test',
  image: '',
  command: ['/bin/sh', '-c', 'true'],
  env: {},
  workingDir: '/app',
  user: '1000:1000',
  limits: { memoryBytes: 64 * megabyte, cpus: 1, pids: 64 },
  timeoutMs: 60_000,
  files: [],
  caches: [],
  labels: {},
};

export async function logsOf(engine: Engine, id: string, after?: string): Promise<readonly EngineLogLine[]> {
  return Array.fromAsync(engine.logs(id, { after, signal: never }));
}

export async function firstLine(engine: Engine, id: string): Promise<void> {
  const reader = new AbortController();
  for await (const _line of engine.logs(id, { after: undefined, signal: reader.signal })) reader.abort();
}

export async function idsOf(engine: Engine): Promise<readonly string[]> {
  return (await engine.instances()).map((instance) => instance.id);
}

export async function find(engine: Engine, id: string): Promise<Instance | undefined> {
  return (await engine.instances()).find((instance) => instance.id === id);
}

/** Asks until the answer is as hoped; the test's own time limit ends it. */
export async function eventually<Value>(ask: () => Promise<Value>, hoped: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (hoped(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What the instance's port 5000 answers, asked until it is bound. */
export async function answerOf(instance: Instance): Promise<string> {
  return eventually(
    async () => {
      const socket = net.connect({ host: instance.address ?? '', port: 5000 });
      return text(socket).catch(() => '');
    },
    (answer) => answer !== '',
  );
}

export async function fileOf(archive: Readable): Promise<string> {
  const extract = archive.pipe(tar.extract());
  for await (const entry of extract) return (await buffer(entry)).toString();
  return '';
}
