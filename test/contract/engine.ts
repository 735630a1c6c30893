import { once } from 'node:events';
import net from 'node:net';
import { Readable } from 'node:stream';
import tar from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, EngineEvent, JobSpec } from '../../server/domain/engine.ts';
import type { InstanceSpec } from '../../server/domain/instance.ts';
import {
  answerOf,
  type EngineHarness,
  eventually,
  fileOf,
  find,
  firstLine,
  idsOf,
  instanceSpec,
  jobSpec,
  logsOf,
} from './engine-harness.ts';

/** What every driver of the `Engine` port promises, tried on a real engine. */
export function engineContract(name: string, makeHarness: () => Promise<EngineHarness>): void {
  describe(`engine contract: ${name}`, () => {
    let harness: EngineHarness;
    let engine: Engine;

    beforeAll(async () => {
      harness = await makeHarness();
      engine = harness.engine;
      await engine.prepare();
      await harness.neighbour.prepare();
    });
    afterAll(() => harness?.close());

    const start = (command: string, change: Partial<InstanceSpec> = {}) =>
      engine.start({ ...instanceSpec, image: harness.image, command, ...change });
    const run = (command: string, change: Partial<JobSpec> = {}, on: Partial<Parameters<Engine['run']>[1]> = {}) => {
      const output: Buffer[] = [];
      const job = { ...jobSpec, image: harness.image, command: ['/bin/sh', '-c', command], ...change };
      const ended = engine.run(job, { output: (bytes) => output.push(bytes), ...on });
      return ended.then((result) => ({ ...result, output: Buffer.concat(output).toString() }));
    };
    /** Runs a command as an instance; what it wrote, once it has ended. */
    const outputOf = async (command: string, change: Partial<InstanceSpec> = {}) => {
      const instance = await start(command, change);
      const lines = await logsOf(engine, instance.id);
      await engine.remove(instance.id);
      return lines.map((line) => line.text).join('\n');
    };

    describe('capabilities', () => {
      it('names the engine and the API version that both speak', async () => {
        expect(await engine.capabilities()).toMatchObject({
          name: expect.stringMatching(/.+/),
          apiVersion: expect.stringMatching(/^1\.\d+$/),
        });
      });
    });

    describe('instances', () => {
      it('starts an instance that answers from the host, lists it and forgets it', async () => {
        const started = await start('while true; do echo hello | nc -l -p 5000; done', { slot: 3, releaseVersion: 7 });
        expect(started).toMatchObject({
          appId: 'app-one',
          appName: 'one',
          processType: 'web',
          slot: 3,
          releaseVersion: 7,
          state: 'running',
          exit: undefined,
        });
        expect(await answerOf(started)).toBe('hello\n');
        expect(await engine.instances()).toContainEqual(started);
        await engine.remove(started.id);
        expect(await idsOf(engine)).not.toContain(started.id);
        await engine.remove(started.id);
        await engine.stop(started.id, { graceMs: 1000 });
      });

      it('tells the exit code, and keeps the ended instance until it is removed', async () => {
        const { id } = await start('exit 3');
        await logsOf(engine, id);
        const ended = await eventually(
          () => find(engine, id),
          (instance) => instance?.state === 'exited',
        );
        expect(ended?.exit).toMatchObject({ code: 3, outOfMemory: false, at: expect.any(Date) });
        expect(ended?.address).toBeUndefined();
        await engine.remove(id);
      });

      it('stops with SIGTERM, which every process of the instance gets', async () => {
        const child = 'sh -c \'trap "echo child got it; exit 0" TERM; while true; do sleep 0.05; done\'';
        const { id } = await start(`trap 'wait; exit 5' TERM; ${child} & echo up; wait; wait`);
        await firstLine(engine, id);
        await engine.stop(id, { graceMs: 10_000 });
        const instance = await find(engine, id);
        expect(instance).toMatchObject({ state: 'exited', exit: { code: 5 } });
        expect((await logsOf(engine, id)).map((line) => line.text)).toContain('child got it');
        await engine.remove(id);
      });

      it('kills what does not stop in its time', async () => {
        const { id } = await start("trap '' TERM; echo up; while true; do sleep 0.05; done");
        await firstLine(engine, id);
        await engine.stop(id, { graceMs: 1000 });
        expect(await find(engine, id)).toMatchObject({ state: 'exited', exit: { code: 137, outOfMemory: false } });
        await engine.remove(id);
      });

      it('leaves nothing behind when it cannot start', async () => {
        await expect(start('true', { image: `sha256:${'0'.repeat(64)}` })).rejects.toThrow('Cannot');
        expect((await engine.instances()).filter((instance) => instance.state === 'created')).toEqual([]);
      });
    });

    describe('confinement', () => {
      it('runs as the app user, without capabilities and without a way to new ones', async () => {
        const status = await outputOf('id -u; id -g; grep -E "CapEff|CapBnd|NoNewPrivs|Seccomp:" /proc/self/status');
        expect(status.replaceAll(/\s+/g, ' ')).toBe(
          '1000 1000 CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2',
        );
      });

      it('may write to /app and /tmp, and to nothing else of the image', async () => {
        const written = await outputOf(
          'for f in /app/a /tmp/a /a /bin/a /etc/a; do touch $f 2>/dev/null && echo $f; done',
        );
        expect(written.split('\n')).toEqual(['/app/a', '/tmp/a']);
      });

      it('ends an instance that takes too much memory, and says why', async () => {
        const { id } = await start('x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo survived');
        const lines = await logsOf(engine, id);
        expect(lines.map((line) => line.text)).not.toContain('survived');
        const ended = await eventually(
          () => find(engine, id),
          (instance) => instance?.state === 'exited',
        );
        expect(ended?.exit).toMatchObject({ outOfMemory: true });
        await engine.remove(id);
      });

      it('bounds the number of processes', async () => {
        const written = await outputOf('i=0; while [ $i -lt 100 ]; do sleep 5 & i=$((i+1)); done; echo all', {
          limits: { ...instanceSpec.limits, pids: 16 },
        });
        expect(written).not.toContain('all');
      });
    });

    describe('isolation', () => {
      it('keeps instances from each other, on one platform and between two', async () => {
        const server = await start('while true; do echo reached | nc -l -p 5000; done', { appId: 'app-two' });
        const reach = `nc -w 2 ${server.address} 5000 </dev/null; ping -c 1 -W 1 ${server.address} >/dev/null 2>&1 && echo pong; echo end`;
        expect(await answerOf(server)).toBe('reached\n');
        expect(await outputOf(reach)).not.toMatch(/reached|pong/);
        const stranger = await harness.neighbour.start({ ...instanceSpec, image: harness.image, command: reach });
        expect((await logsOf(harness.neighbour, stranger.id)).map(({ text }) => text)).toContain('end');
        expect((await logsOf(harness.neighbour, stranger.id)).map(({ text }) => text)).not.toContain('reached');
        expect((await run(reach)).output).not.toMatch(/reached|pong/);
        await engine.remove(server.id);
      });

      it('keeps instances and builds from the ports of the host, and from link-local addresses', async () => {
        const host = net.createServer((socket) => socket.end('reached\n')).listen(0, '0.0.0.0');
        await once(host, 'listening');
        const address = host.address();
        const port = typeof address === 'object' ? address?.port : undefined;
        const reach = [
          // A control: the tool works, and finds what may be reached.
          '(echo control | nc -l -p 6000 >/dev/null &) ; sleep 0.3; nc -w 2 127.0.0.1 6000 </dev/null',
          `gateway=$(ip route | sed -n 's/default via \\([0-9.]*\\).*/\\1/p'); nc -w 2 $gateway ${port} </dev/null`,
          'nc -w 2 169.254.169.254 80 </dev/null && echo metadata',
          'echo end',
        ].join('; ');
        for (const output of [await outputOf(reach), (await run(reach)).output]) {
          expect(output).toContain('control');
          expect(output).toContain('end');
          expect(output).not.toMatch(/reached|metadata/);
        }
        host.close();
      });

      it('gives instances no IPv6 neighbours', async () => {
        expect(await outputOf('cat /proc/net/if_inet6; echo end')).toBe('end');
      });

      it('never shows, touches or removes what another platform runs', async () => {
        const spec = { ...instanceSpec, image: harness.image, appId: 'app-shared' };
        const ours = await engine.start(spec);
        const theirs = await harness.neighbour.start(spec);
        expect(await idsOf(engine)).not.toContain(theirs.id);
        expect(await idsOf(harness.neighbour)).not.toContain(ours.id);
        await engine.removeApp('app-shared');
        expect(await idsOf(engine)).not.toContain(ours.id);
        expect(await find(harness.neighbour, theirs.id)).toMatchObject({ state: 'running' });
        await harness.neighbour.remove(theirs.id);
      });
    });

    describe('logs', () => {
      it('gives both streams in order, and goes on after a cursor without loss or repeat', async () => {
        const { id } = await start('for i in $(seq 1 200); do echo line $i; done; echo problem >&2');
        const lines = await logsOf(engine, id);
        expect(lines.filter((line) => line.stream === 'stdout').map((line) => line.text)).toEqual(
          Array.from({ length: 200 }, (_, index) => `line ${index + 1}`),
        );
        expect(lines.filter((line) => line.stream === 'stderr').map((line) => line.text)).toEqual(['problem']);
        for (const index of [0, 57, 199, 200]) {
          expect(await logsOf(engine, id, lines[index]?.cursor)).toEqual(lines.slice(index + 1));
        }
        await engine.remove(id);
      });

      it('follows a running instance until it is told to stop', async () => {
        const { id } = await start('while true; do echo tick; sleep 0.1; done');
        const reader = new AbortController();
        const seen: string[] = [];
        for await (const line of engine.logs(id, { after: undefined, signal: reader.signal })) {
          seen.push(line.text);
          if (seen.length === 3) reader.abort();
        }
        expect(seen).toEqual(['tick', 'tick', 'tick']);
        await engine.remove(id);
      });

      it('cuts long lines into pieces and keeps every byte', async () => {
        const { id } = await start("head -c 50000 /dev/zero | tr '\\0' x; echo; echo after");
        const texts = (await logsOf(engine, id)).map((line) => line.text);
        expect(texts.at(-1)).toBe('after');
        expect(texts.slice(0, -1).join('')).toBe('x'.repeat(50_000));
        expect(texts.every((line) => line.length > 0 && line.length <= 10_000)).toBe(true);
        await engine.remove(id);
      });

      it('gives the last lines of an instance that is removed as soon as it ends', async () => {
        const { id } = await start('for i in $(seq 1 2000); do echo $i; done');
        const lines = logsOf(engine, id);
        await engine.stop(id, { graceMs: 5000 });
        await lines.then(() => engine.remove(id));
        expect((await lines).length).toBeGreaterThan(0);
      });
    });

    describe('watch', () => {
      it('tells when an instance starts, ends and goes', async () => {
        const watcher = new AbortController();
        const seen: EngineEvent[] = [];
        const watching = (async () => {
          for await (const event of engine.watch(watcher.signal)) seen.push(event);
        })();
        await eventually(
          async () => seen.length,
          (count) => count > 0,
        );
        expect(seen[0]?.type).toBe('resync');
        const { id } = await start('exit 0', { appId: 'app-watched' });
        await logsOf(engine, id);
        await engine.remove(id);
        await run('true');
        const types = () => seen.filter((event) => event.instanceId === id).map((event) => event.type);
        await eventually(
          async () => types(),
          (list) => list.includes('removed'),
        );
        expect(types()).toEqual(['started', 'exited', 'removed']);
        expect(seen.slice(1).every((event) => event.appId === 'app-watched')).toBe(true);
        watcher.abort();
        await watching;
      });
    });

    describe('jobs', () => {
      it('puts files in, gives output as it comes, takes files out, and removes the container', async () => {
        const pack = tar.pack();
        pack.entry({ name: 'in.txt', uid: 1000, gid: 1000 }, 'some text');
        pack.finalize();
        let taken = '';
        const ended = await run(
          'cat in.txt; echo " and $WORD"; echo problem >&2; cp in.txt out.txt; exit 4',
          { files: [{ path: '/app', tar: Readable.from(pack) }], env: { WORD: 'more' } },
          {
            exit: async (result, collect) => {
              expect(result.exitCode).toBe(4);
              taken = await fileOf(await collect('/app/out.txt'));
            },
          },
        );
        expect(ended).toMatchObject({ exitCode: 4, outOfMemory: false, timedOut: false });
        // What came on stdout and on stderr may be told in another order.
        for (const part of ['some text', ' and more\n', 'problem\n']) expect(ended.output).toContain(part);
        expect(taken).toBe('some text');
      });

      it('keeps caches between jobs, owned by the job user, and removes them with the app', async () => {
        const cached = {
          caches: [{ name: 'app-cache-npm', path: '/var/cache/deep/npm' }],
          labels: { app: 'app-cache' },
        };
        expect(await run('id -u; echo one >/var/cache/deep/npm/file', cached)).toMatchObject({ exitCode: 0 });
        expect((await run('cat /var/cache/deep/npm/file', cached)).output).toBe('one\n');
        await engine.removeApp('app-cache');
        expect((await run('ls /var/cache/deep/npm', cached)).output).toBe('');
        await engine.removeApp('app-cache');
      });

      it('kills a job at its time limit', async () => {
        expect(await run('sleep 600', { timeoutMs: 300 })).toMatchObject({ exitCode: 137, timedOut: true });
      });

      it('says when memory ran out', async () => {
        const ended = await run('x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo survived');
        expect(ended).toMatchObject({ outOfMemory: true, timedOut: false });
      });

      it('kills a job that is aborted, and takes nothing out of it', async () => {
        const abort = new AbortController();
        let exits = 0;
        const ended = await run(
          'echo up; sleep 600',
          {},
          {
            output: () => abort.abort(),
            signal: abort.signal,
            exit: async () => {
              exits += 1;
            },
          },
        );
        expect(ended).toMatchObject({ exitCode: 137, timedOut: false });
        expect(exits).toBe(0);
      });

      it('finds jobs by label and stops them', async () => {
        let up: () => void = () => undefined;
        const running = new Promise<void>((resolve) => {
          up = resolve;
        });
        const job = run('echo up; sleep 600', { labels: { build: 'b-1' } }, { output: () => up() });
        await running;
        await harness.neighbour.stopJobs({ name: 'build', value: 'b-1' });
        await engine.stopJobs({ name: 'build', value: 'b-2' });
        await engine.stopJobs({ name: 'build', value: 'b-1' });
        expect(await job).toMatchObject({ exitCode: 137 });
      });

      it('is no instance', async () => {
        let up: () => void = () => undefined;
        const running = new Promise<void>((resolve) => {
          up = resolve;
        });
        const before = await idsOf(engine);
        const job = run('echo up; sleep 1', {}, { output: () => up() });
        await running;
        expect(await idsOf(engine)).toEqual(before);
        await job;
      });
    });

    describe('shutDown', () => {
      it('leaves no instance, and the neighbour alone', async () => {
        const ours = await start('sleep 600');
        const theirs = await harness.neighbour.start({ ...instanceSpec, image: harness.image });
        await engine.shutDown();
        expect(await engine.instances()).toEqual([]);
        expect(await find(harness.neighbour, theirs.id)).toMatchObject({ state: 'running' });
        await engine.prepare();
        const again = await start('sleep 600');
        expect(again.id).not.toBe(ours.id);
      });
    });
  });
}
