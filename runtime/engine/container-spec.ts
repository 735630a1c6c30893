import type { JobSpec } from '../../server/domain/engine.ts';
import type { InstanceSpec } from '../../server/domain/instance.ts';
import type { InstanceLimits } from '../../server/domain/process-type.ts';
import { appLabel, instanceLabels, kindLabel, labelName, networkNames, platformLabel } from './labels.ts';

/** The app's user, in every image that the platform builds. */
const appUser = '1000:1000';
/** Heroku's number. A lower hard limit than the engine's own always works; a higher one needs CAP_SYS_RESOURCE. */
const openFiles = 10_000;
/**
 * Few and large files: Docker 20.10 loses or repeats lines for who follows a log while its files are rotated (with files of 10 MB, `docker logs -f`
 * got 27,741 of 30,000 lines that were written at once; the driver `local` repeats some).
 */
const logDriver = { Type: 'json-file', Config: { 'max-size': '50m', 'max-file': '2' } };

/** Docker's CPU weights: a busy build leaves a busy app five sixths of the machine. */
const instanceCpuShares = 1024;
const jobCpuShares = 200;

/** When memory runs out on the host, builds go first, then instances, then the platform (0). */
const instanceOomScore = 500;
const jobOomScore = 800;

/** The body of POST /containers/create for an instance; pure. */
export function instanceContainer(platformId: string, spec: InstanceSpec) {
  return {
    Image: spec.image,
    // Argument of the image's entrypoint, which gives it to a shell.
    Cmd: [spec.command],
    // Heroku signals all processes of an instance, not the first alone; so does tini with this.
    Env: writeEnv({ ...spec.env, TINI_KILL_PROCESS_GROUP: '1' }),
    User: appUser,
    WorkingDir: '/app',
    StopSignal: 'SIGTERM',
    Labels: instanceLabels(platformId, spec),
    HostConfig: {
      ...confined(spec.limits),
      NetworkMode: networkNames(platformId).instances.name,
      CpuShares: instanceCpuShares,
      OomScoreAdj: instanceOomScore,
      // Counts as the instance's memory, so it gets no more than half of it.
      Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${Math.floor(spec.limits.memoryBytes / 2)}` },
      LogConfig: logDriver,
    },
  };
}

/** The body of POST /containers/create for a job; pure. */
export function jobContainer(platformId: string, job: JobSpec) {
  const labels = Object.fromEntries(Object.entries(job.labels).map(([name, value]) => [labelName(name), value]));
  const cacheLabels = { ...(job.labels.app && { [appLabel]: job.labels.app }), [platformLabel]: platformId };
  return {
    Image: job.image,
    Entrypoint: job.command.slice(0, 1),
    Cmd: job.command.slice(1),
    Env: writeEnv(job.env),
    User: job.user,
    WorkingDir: job.workingDir,
    AttachStdout: true,
    AttachStderr: true,
    Labels: { ...labels, [platformLabel]: platformId, [kindLabel]: 'job' },
    HostConfig: {
      ...confined(job.limits),
      NetworkMode: networkNames(platformId).builds.name,
      CpuShares: jobCpuShares,
      OomScoreAdj: jobOomScore,
      // Whoever runs the job reads its output as it comes.
      LogConfig: { Type: 'none', Config: {} },
      Mounts: job.caches.map((cache) => ({
        Type: 'volume',
        Source: `shipway-${platformId}-cache-${nameable(cache.name)}`,
        Target: cache.path,
        VolumeOptions: { Labels: cacheLabels },
      })),
    },
  };
}

/** What an untrusted process gets: no capability, no way to new ones, and its share of the machine. */
function confined(limits: InstanceLimits) {
  return {
    // tini as the first process: it reaps orphans, and a program that sets no SIGTERM handler ends on SIGTERM.
    Init: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    Memory: limits.memoryBytes,
    // Memory and swap together: no swap.
    MemorySwap: limits.memoryBytes,
    NanoCpus: Math.round(limits.cpus * 1e9),
    PidsLimit: limits.pids,
    Ulimits: [{ Name: 'nofile', Soft: openFiles, Hard: openFiles }],
    RestartPolicy: { Name: 'no' },
  };
}

function writeEnv(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

/** `<platform>-<app>-<type>.<slot>-v<release>-<random>`, for who reads `docker ps`. */
export function instanceContainerName(platformId: string, spec: InstanceSpec, random: string): string {
  const process = `${spec.processType}.${spec.slot}`;
  return nameable(`${platformId}-${spec.appName}-${process}-v${spec.releaseVersion}-${random}`);
}

export function jobContainerName(platformId: string, job: JobSpec, random: string): string {
  return nameable(`${platformId}-job-${job.name}-${random}`);
}

/** The engine's rule for names: [a-zA-Z0-9][a-zA-Z0-9_.-]+. */
function nameable(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9_.-]/g, '-');
}
