import type { Readable } from 'node:stream';
import type { Instance, InstanceSpec } from './instance.ts';
import type { InstanceLimits } from './process-type.ts';

export interface EngineCapabilities {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly pause: boolean;
  /** True when the engine runs on this machine, so that instance addresses can be reached and host rules set. */
  readonly local: boolean;
}

export interface EngineEvent {
  readonly type: 'started' | 'exited' | 'removed' | 'out-of-memory' | 'resync';
  readonly instanceId: string | undefined;
  readonly appId: string | undefined;
}

/** One line that an instance wrote, without its line end. */
export interface EngineLogLine {
  readonly at: Date;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** The engine's own mark of how far its log was read with this line: `logs` goes on after it, finer than any clock. */
  readonly cursor: string;
}

/** A bounded container that does one thing and is removed: build step, later release phase, one-off, cron. */
export interface JobSpec {
  /** Shown in the engine's list, e.g. `build-<id>-dependencies`. */
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** `uid:gid`. */
  readonly user: string;
  readonly limits: InstanceLimits;
  readonly timeoutMs: number;
  /** Tar streams unpacked into the container before it starts, in order. */
  readonly files: readonly { readonly path: string; readonly tar: Readable }[];
  /** Volumes that outlive the job, e.g. a package manager's download cache. Named per app by the caller. */
  readonly caches: readonly { readonly name: string; readonly path: string }[];
  /** Other labels, e.g. `{ build: <id> }`, by which `stopJobs` finds it. `app` is what `removeApp` finds job and caches by. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface JobResult {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  readonly timedOut: boolean;
}

/**
 * What runs containers. Every object it makes carries the platform's label, and only objects with that label are ever
 * listed, touched or removed. Calls throw ShipwayError `engine_unavailable` when the engine cannot be reached.
 */
export interface Engine {
  capabilities(): Promise<EngineCapabilities>;
  /** Makes the networks and host rules that isolate instances; idempotent, called at start and when the engine came back. */
  prepare(): Promise<void>;
  /** All instances of this platform, running or not (jobs are not instances). */
  instances(): Promise<readonly Instance[]>;
  /** Pulls the image by digest where the engine lacks it. */
  pull(image: string): Promise<void>;
  /** Creates and starts. Resolves when the engine says that it runs, with its address. */
  start(spec: InstanceSpec): Promise<Instance>;
  /** SIGTERM, SIGKILL after `graceMs`. The stopped instance stays listed until `remove`. A missing one is no error. */
  stop(instanceId: string, options: { readonly graceMs: number }): Promise<void>;
  remove(instanceId: string): Promise<void>;
  /**
   * Lines after `after` (a line's cursor; undefined: from the first), in order, until the instance ends or `signal` aborts.
   * Lines longer than 10,000 bytes arrive in pieces.
   */
  logs(
    instanceId: string,
    options: { readonly after: string | undefined; readonly signal: AbortSignal },
  ): AsyncIterable<EngineLogLine>;
  /**
   * Starts with a `resync` once no event can be missed any more: list then. Ends with an error when the connection is lost, and
   * silently when `signal` aborts.
   */
  watch(signal: AbortSignal): AsyncIterable<EngineEvent>;
  /**
   * Runs to its end and removes the container. `onOutput` gets raw bytes of stdout and stderr as they come; `onExit` runs before the
   * container is removed and may take files out of it with `collect(path)`: a tar of that path, as the engine makes it.
   * An aborted job is killed: exit code 137, and `exit` is not called.
   */
  run(
    job: JobSpec,
    on: {
      readonly output: (bytes: Buffer) => void;
      readonly exit?: (result: JobResult, collect: (path: string) => Promise<Readable>) => Promise<void>;
      readonly signal?: AbortSignal;
    },
  ): Promise<JobResult>;
  /** Kills and removes all jobs that carry this label; used for cancel and for what a killed worker left. */
  stopJobs(label: { readonly name: string; readonly value: string }): Promise<void>;
  /** Instances, jobs, volumes of one app. */
  removeApp(appId: string): Promise<void>;
  /** Removes images of the platform's registry but for these digests and those in use. */
  pruneImages(keepDigests: readonly string[]): Promise<void>;
  /** Stops and removes every container of the platform, its networks and host rules. Images and volumes stay. */
  shutDown(): Promise<void>;
}
