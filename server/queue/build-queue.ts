import { createPostgresBackend, Queue, Worker } from 'bullmq';
import type { BuildQueue, BuildWorker } from '../domain/queue.ts';

const queueName = 'builds';
/** A worker that was killed is found after two missed renewals; long builds renew by themselves. */
const lockDurationMs = 5_000;
const stalledIntervalMs = 3_000;
/** How often one build may lose its worker before it is given up. */
const maxStalledCount = 5;

/** Where the queue lives: PostgreSQL by default, Redis where the user runs one. */
export interface QueueLocation {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
}

/** One connection, which BullMQ promises to do with, besides the one that listens: an idle backend of PostgreSQL costs megabytes. */
function postgresConnection(databaseUrl: string) {
  return { connectionString: databaseUrl, migrate: true, schema: 'bullmq', max: 1, idleTimeoutMillis: 10_000 };
}

export function createBuildQueue(options: QueueLocation & { readonly log: (text: string) => void }): BuildQueue {
  const queue = options.redisUrl
    ? new Queue(queueName, { connection: { url: options.redisUrl } })
    : new Queue(queueName, { connection: postgresConnection(options.databaseUrl) }, createPostgresBackend);
  queue.on('error', (error: Error) => options.log(`queue: ${error.message}`));
  return {
    // The job's id is the build's: adding it twice, as a restarted server does, changes nothing.
    add: async (buildId) => {
      await queue.add('build', { buildId }, { jobId: buildId, removeOnComplete: true, removeOnFail: true });
    },
    close: () => queue.close(),
  };
}

/** Takes builds off the queue. `run` must not throw for a user's failed build; when it throws, the platform failed and `failed` is told. */
export function createBuildWorker(
  options: QueueLocation & {
    readonly concurrency: number;
    readonly run: (buildId: string) => Promise<void>;
    readonly failed: (buildId: string, error: Error) => Promise<void>;
    readonly log: (text: string) => void;
  },
): BuildWorker {
  const process = async (job: { readonly data: { readonly buildId: string } }) => options.run(job.data.buildId);
  const settings = {
    concurrency: options.concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: stalledIntervalMs,
    maxStalledCount,
  };
  const worker = options.redisUrl
    ? new Worker(queueName, process, { ...settings, connection: { url: options.redisUrl, maxRetriesPerRequest: null } })
    : new Worker(
        queueName,
        process,
        { ...settings, connection: postgresConnection(options.databaseUrl) },
        createPostgresBackend,
      );
  worker.on('error', (error: Error) => options.log(`queue: ${error.message}`));
  worker.on('failed', (job, error) => {
    if (job)
      options.failed(job.data.buildId, error).catch((reason: unknown) => options.log(`queue: ${String(reason)}`));
  });
  return { close: () => worker.close() };
}
