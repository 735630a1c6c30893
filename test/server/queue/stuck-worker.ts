import { createBuildWorker, type QueueLocation } from '../../../server/queue/build-queue.ts';

/** A worker that takes a job and never ends it: the test kills it. */
const location: QueueLocation = JSON.parse(process.argv[2] ?? '{}');
createBuildWorker({
  ...location,
  concurrency: 1,
  log: () => undefined,
  failed: async () => undefined,
  run: async (buildId) => {
    process.stdout.write(`${buildId}\n`);
    await new Promise(() => undefined);
  },
});
