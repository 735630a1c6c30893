import { Readable } from 'node:stream';
import tar from 'tar-stream';
import { z } from 'zod';
import type { Engine, JobResult, JobSpec } from '../../server/domain/engine.ts';
import { ShipwayError } from '../../server/domain/error.ts';
import { jobContainer, jobContainerName } from './container-spec.ts';
import { readChunks } from './docker-answer.ts';
import type { DockerClient } from './docker-client.ts';
import { createContainer, inspectContainer, removeContainer, startContainer } from './docker-containers.ts';
import { isGone } from './docker-errors.ts';
import { createFrameReader } from './stdio-frames.ts';

type JobListeners = Parameters<Engine['run']>[1];

const waited = z.object({ StatusCode: z.number() });
const killedExitCode = 137;

/** Runs a job to its end; see `Engine.run`. The container goes, whatever happens. */
export async function runJob(
  client: DockerClient,
  options: {
    readonly platformId: string;
    readonly random: string;
    readonly job: JobSpec;
    readonly on: JobListeners;
    readonly log: (text: string) => void;
  },
): Promise<JobResult> {
  const { platformId, job, on, log } = options;
  const aborted = { exitCode: killedExitCode, outOfMemory: false, timedOut: false };
  if (on.signal?.aborted) return aborted;
  const action = `run ${job.name}`;
  const name = jobContainerName(platformId, job, options.random);
  const id = await createContainer(client, { action, name, body: jobContainer(platformId, job) });
  try {
    for (const { path, tar: files } of [...cacheFolders(job), ...job.files]) {
      await client.call({
        action: `put files into ${job.name}`,
        method: 'PUT',
        path: `/containers/${id}/archive`,
        query: { path },
        tar: files,
        timeoutMs: 0,
      });
    }
    if (on.signal?.aborted) return aborted;
    const result = await runToEnd(client, { id, action, job, on });
    if (!on.signal?.aborted) await on.exit?.(result, (path) => collect(client, id, job, path));
    return result;
  } finally {
    await removeContainer(client, id).catch((error: Error) => log(error.message));
  }
}

async function runToEnd(
  client: DockerClient,
  run: { readonly id: string; readonly action: string; readonly job: JobSpec; readonly on: JobListeners },
): Promise<JobResult> {
  const { id, action, job, on } = run;
  // Attached before it starts: no byte is missed.
  const output = await attach(client, id, action);
  const copied = copyFrames(output, on.output, action);
  let timedOut = false;
  const kill = () => void killContainer(client, id).catch(() => output.destroy());
  const expire = () => {
    timedOut = true;
    kill();
  };
  let timer: NodeJS.Timeout | undefined;
  on.signal?.addEventListener('abort', kill);
  try {
    await startContainer(client, id, action);
    timer = setTimeout(expire, job.timeoutMs);
    // An abort while it was being started found nothing to kill.
    if (on.signal?.aborted) kill();
    const [exitCode] = await Promise.all([waitForExit(client, id, action), copied]);
    const { State } = await inspectContainer(client, id);
    return { exitCode, outOfMemory: State.OOMKilled, timedOut };
  } catch (error) {
    // Somebody else removed it: stopJobs.
    if (isGone(error)) return { exitCode: killedExitCode, outOfMemory: false, timedOut };
    throw error;
  } finally {
    clearTimeout(timer);
    on.signal?.removeEventListener('abort', kill);
    output.destroy();
    await copied.catch(() => undefined);
  }
}

function attach(client: DockerClient, id: string, action: string): Promise<Readable> {
  const query = { stream: '1', stdout: '1', stderr: '1' };
  return client.stream({ action, method: 'POST', path: `/containers/${id}/attach`, query });
}

async function copyFrames(stream: Readable, output: (bytes: Buffer) => void, action: string): Promise<void> {
  const framesOf = createFrameReader();
  for await (const chunk of readChunks(stream, action)) {
    for (const frame of framesOf(chunk)) output(frame.bytes);
  }
}

async function waitForExit(client: DockerClient, id: string, action: string): Promise<number> {
  const path = `/containers/${id}/wait`;
  const { StatusCode } = await client.json(waited, { action, method: 'POST', path, timeoutMs: 0 });
  return StatusCode;
}

/** One that does not run (any more) is no error. */
async function killContainer(client: DockerClient, id: string): Promise<void> {
  try {
    await client.call({ action: `kill container ${id}`, method: 'POST', path: `/containers/${id}/kill` });
  } catch (error) {
    if (error instanceof ShipwayError && (error.code === 'not_found' || error.code === 'conflict')) return;
    throw error;
  }
}

function collect(client: DockerClient, id: string, job: JobSpec, path: string): Promise<Readable> {
  const action = `take ${path} out of ${job.name}`;
  return client.stream({ action, method: 'GET', path: `/containers/${id}/archive`, query: { path } });
}

/** A new volume belongs to root: this tar gives each cache's folder to the job's user. */
function cacheFolders(job: JobSpec): JobSpec['files'] {
  if (job.caches.length === 0) return [];
  const [uid, gid] = job.user.split(':').map(Number);
  const pack = tar.pack();
  for (const { path } of job.caches) {
    pack.entry({ name: `${path.replace(/^\/+/, '')}/`, type: 'directory', mode: 0o755, uid: uid ?? 0, gid: gid ?? 0 });
  }
  pack.finalize();
  return [{ path: '/', tar: Readable.from(pack) }];
}
