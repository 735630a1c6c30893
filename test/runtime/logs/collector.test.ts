import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../../runtime/engine/docker-engine.ts';
import { createHostRules } from '../../../runtime/engine/host-rules.ts';
import { createLogCollector } from '../../../runtime/logs/collector.ts';
import { createFileLogs } from '../../../runtime/logs/file-logs.ts';
import type { Instance } from '../../../server/domain/instance.ts';
import { eventually, find, instanceSpec } from '../../contract/engine-harness.ts';
import { run } from '../engine/run-command.ts';
import { importTestImage, removeTestImage } from '../engine/test-image.ts';

const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
const never = new AbortController().signal;

describe('log collector on the Docker Engine', () => {
  const platformId = `t${randomBytes(4).toString('hex')}`;
  const noted: string[] = [];
  const log = (text: string) => noted.push(text);
  const hostRules = createHostRules({ platformId, run, log });
  const registry = { host: '127.0.0.1:1', username: 'none', password: 'none' };
  const engine = createDockerEngine({ host, platformId, registry, hostRules, log });
  let image: string;
  let root: string;

  beforeAll(async () => {
    image = await importTestImage(host);
    await engine.prepare();
  });
  afterAll(async () => {
    await engine.shutDown();
    await removeTestImage(host, image);
    engine.close();
  });
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'collector-'));
    noted.length = 0;
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const start = (command: string, appId: string) => engine.start({ ...instanceSpec, image, command, appId });
  /** One life of the server. */
  const live = () => {
    const logs = createFileLogs({ root, clock: () => new Date(), log });
    return { logs, collector: createLogCollector({ engine, logs, log }) };
  };
  const textsOf = async (appId: string) => {
    const lines = await Array.fromAsync(live().logs.read(appId, { lines: 1e6, tail: false }, never));
    return lines.map(({ text }) => text);
  };
  const ended = (id: string) =>
    eventually(
      () => find(engine, id),
      (instance) => instance?.state === 'exited',
    );
  const listOf = (instance: Instance | undefined) => (instance === undefined ? [] : [instance]);
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);

  it('stores each line once, across servers that come and go while an instance writes', async () => {
    const instance = await start('for i in $(seq 1 3000); do echo line $i; done; sleep 1; echo end', 'app-a');
    for (const pauseMs of [5, 30, 60, 10]) {
      const { collector } = live();
      collector.sync([instance]);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await collector.close();
    }
    const last = live();
    last.collector.sync(listOf(await ended(instance.id)));
    await last.collector.collected(instance.id);
    await last.collector.close();
    expect(await textsOf('app-a')).toEqual([...numbers(3000), 'end']);
    expect(noted).toEqual([]);
    await engine.remove(instance.id);
  });

  it('goes on without repeat after a server that was killed without a word', async () => {
    const instance = await start('for i in $(seq 1 500); do echo line $i; done; sleep 2; echo end', 'app-b');
    const killed = live();
    killed.collector.sync([instance]);
    await eventually(
      async () => (await textsOf('app-b')).length,
      (count) => count === 500,
    );
    // Neither closed nor flushed: what the first one still does is to a folder that the second no longer reads from.
    const second = live();
    expect(await second.logs.cursorOf('app-b', instance.id)).toMatch(/Z\/1$/);
    await killed.collector.close();
    second.collector.sync(listOf(await ended(instance.id)));
    await second.collector.collected(instance.id);
    await second.collector.close();
    expect(await textsOf('app-b')).toEqual([...numbers(500), 'end']);
    await engine.remove(instance.id);
  });

  it('keeps every line of an instance that writes 30 MB at once', async () => {
    const command = `x=$(head -c 1000 /dev/zero | tr '\\0' x); seq 1 30000 | sed "s/.*/line & $x/"`;
    const instance = await start(command, 'app-c');
    const { collector } = live();
    collector.sync([instance]);
    await ended(instance.id);
    await collector.collected(instance.id);
    await collector.close();
    const lines = await textsOf('app-c');
    const wanted = new Set(numbers(30_000));
    for (const text of lines) wanted.delete(text.slice(0, text.indexOf(' x')));
    expect({ lines: lines.length, missing: [...wanted].slice(0, 5) }).toEqual({ lines: 30_000, missing: [] });
    await engine.remove(instance.id);
  });

  it('has the last words of an instance that is removed once they are collected', async () => {
    const { collector } = live();
    const instance = await start('echo line 1; exit 1', 'app-d');
    collector.sync([instance]);
    await collector.collected(instance.id);
    await engine.remove(instance.id);
    collector.sync([]);
    await collector.close();
    expect(await textsOf('app-d')).toEqual(numbers(1));
  });

  it('follows again what a lost connection ended, and reads an ended instance once', async () => {
    const asked: (string | undefined)[] = [];
    const logs = createFileLogs({ root, clock: () => new Date(), log });
    const collector = createLogCollector({
      engine: {
        logs: async function* (_, { after }) {
          asked.push(after);
          if (after !== undefined) return;
          yield { at: new Date(), stream: 'stdout', text: 'hello', cursor: 'one' };
          throw new Error('the engine went away');
        },
      },
      logs,
      log,
    });
    const instance = await start('true', 'app-e');
    const exited = await ended(instance.id);
    const done = { ...instance, ...exited, state: 'exited' } as const;
    for (let turn = 0; turn < 4; turn += 1) {
      collector.sync([done]);
      await collector.collected(done.id);
    }
    expect(asked).toEqual([undefined, 'one']);
    expect(noted).toEqual(['one web.1: its log is taken up again later. the engine went away']);
    await collector.close();
    expect(await textsOf('app-e')).toEqual(['hello']);
    await engine.remove(instance.id);
  });
});
