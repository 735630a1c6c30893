import type { RolloutOutcome } from '../../server/domain/desired.ts';
import type { Instance } from '../../server/domain/instance.ts';
import type { InstanceLimits } from '../../server/domain/process-type.ts';
import type { AppRoute } from '../../server/domain/route.ts';

/** An instance, and what the loop knows of it beyond the engine's list. Times are unix ms. */
export interface ObservedInstance {
  readonly instance: Instance;
  /** `unknown`: it ran before this process did, and nobody has looked yet. Only `web` is ever anything but healthy. */
  readonly health: 'unknown' | 'booting' | 'healthy';
  /** The boot timeout counts from here. */
  readonly startedAtMs: number;
  readonly healthyAtMs: number | undefined;
  /** When its exit was noticed: it stays listed a little, so that its last lines can be read. */
  readonly exitedAtMs: number | undefined;
  /** On its way out, for good: it never comes back into a route. */
  readonly retiring: boolean;
  /** No router has a request in flight on it. */
  readonly drained: boolean;
  /** The user asked for a fresh one: it serves until that one is healthy. */
  readonly replace: boolean;
  /** What it was started with; undefined for adopted ones, whose limits the engine does not tell. */
  readonly limits: InstanceLimits | undefined;
}

/** How often a slot has crashed in a row, and when it may start again. */
export interface Crash {
  readonly count: number;
  readonly restartAtMs: number;
}

/** The candidate that is being brought up. */
export interface Attempt {
  readonly version: number;
  readonly beganAtMs: number;
  /** The engine refused to pull or start it, for good. */
  readonly refusal: string | undefined;
  /** Decided once; told to the releases until they have taken it. */
  readonly outcome: RolloutOutcome | undefined;
}

export interface ObservedApp {
  readonly instances: readonly ObservedInstance[];
  /** By `crashKey`. */
  readonly crashes: ReadonlyMap<string, Crash>;
  /** Last route that was published; its own `route` is undefined once the app was taken out of the table. */
  readonly published: { readonly route: AppRoute | undefined; readonly acknowledged: boolean } | undefined;
  readonly pulledImages: ReadonlySet<string>;
  readonly attempt: Attempt | undefined;
}

/** A new release starts with a clean sheet, so its version is part of the key. */
export function crashKey(slot: {
  readonly processType: string;
  readonly slot: number;
  readonly releaseVersion: number;
}): string {
  return `v${slot.releaseVersion} ${slot.processType}.${slot.slot}`;
}

export function isRunning(observed: ObservedInstance): boolean {
  return observed.instance.state === 'running' || observed.instance.state === 'paused';
}

/** Runs and is to go on running. */
export function isLive(observed: ObservedInstance): boolean {
  return isRunning(observed) && !observed.retiring;
}

export function isHealthy(observed: ObservedInstance): boolean {
  return isLive(observed) && observed.health === 'healthy';
}

export function isWeb(observed: ObservedInstance): boolean {
  return observed.instance.processType === 'web';
}

/** An instance as it is found: of web nobody knows yet whether it answers, everything else is up when it runs. */
export function foundInstance(instance: Instance, nowMs: number): ObservedInstance {
  const isUp = instance.state === 'running' && instance.processType !== 'web';
  return {
    instance,
    health: isUp ? 'healthy' : 'unknown',
    startedAtMs: instance.startedAt?.getTime() ?? nowMs,
    healthyAtMs: isUp ? nowMs : undefined,
    exitedAtMs: instance.state === 'exited' ? nowMs : undefined,
    retiring: false,
    drained: false,
    replace: false,
    limits: undefined,
  };
}
