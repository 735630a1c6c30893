import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createBuildQueue, createBuildWorker, type QueueLocation } from '../../server/queue/build-queue.ts';

const workerScript = join(import.meta.dirname, '..', 'server', 'queue', 'stuck-worker.ts');
const log = () => undefined;
const eventually = (look: () => unknown, timeout = 20_000) => vi.waitFor(look, { timeout, interval: 100 });

/** What every place of the queue promises: each job runs, once where nothing dies, again where its worker died. */
export function buildQueueContract(
  name: string,
  open: () => Promise<{ location: QueueLocation; close: () => Promise<void> }>,
): void {
  describe(`build queue on ${name}`, () => {
    let location: QueueLocation;
    let close: () => Promise<void>;
    let stuck: ChildProcess | undefined;

    beforeAll(async () => {
      ({ location, close } = await open());
    });
    afterAll(async () => {
      stuck?.kill('SIGKILL');
      await close();
    });

    function work(ran: string[], failed: string[] = []) {
      return createBuildWorker({
        ...location,
        concurrency: 2,
        log,
        run: async (buildId) => {
          ran.push(buildId);
          if (buildId.startsWith('bad')) throw new Error('the platform failed');
        },
        failed: async (buildId) => void failed.push(buildId),
      });
    }

    it('runs each job once, also one that was added twice', async () => {
      const queue = createBuildQueue({ ...location, log });
      const ran: string[] = [];
      for (const id of ['a', 'b', 'b', 'c']) await queue.add(id);
      const worker = work(ran);
      await eventually(() => expect(ran.toSorted()).toEqual(['a', 'b', 'c']));
      await worker.close();
      await queue.close();
    });

    it('takes a job again under the id that it had before', async () => {
      const queue = createBuildQueue({ ...location, log });
      const ran: string[] = [];
      const worker = work(ran);
      await queue.add('again');
      await eventually(() => expect(ran).toEqual(['again']));
      await eventually(async () => {
        await queue.add('again');
        expect(ran.length).toBeGreaterThan(1);
      });
      await worker.close();
      await queue.close();
    });

    it('tells of a job whose run threw', async () => {
      const queue = createBuildQueue({ ...location, log });
      const failed: string[] = [];
      const worker = work([], failed);
      await queue.add('bad-1');
      await eventually(() => expect(failed).toEqual(['bad-1']));
      await worker.close();
      await queue.close();
    });

    it('gives the job of a killed worker to another one', async () => {
      const queue = createBuildQueue({ ...location, log });
      stuck = spawn(process.execPath, [workerScript, JSON.stringify(location)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await queue.add('long');
      await once(stuck.stdout ?? stuck, 'data');
      stuck.kill('SIGKILL');
      const ran: string[] = [];
      const worker = work(ran);
      await eventually(() => expect(ran).toEqual(['long']), 40_000);
      await worker.close();
      await queue.close();
    });
  });
}
