import type { InstanceLimits } from './process-type.ts';

export type InstanceState = 'created' | 'running' | 'paused' | 'exited';

/** What is to be started: one process of one release. */
export interface InstanceSpec {
  readonly appId: string;
  readonly appName: string;
  readonly processType: string;
  /** 1, 2, ...: the number in `web.1`. */
  readonly slot: number;
  readonly releaseVersion: number;
  /** `<host>:<port>/<repository>@sha256:...`: what the engine pulls. Never a moving tag. */
  readonly image: string;
  /** Run by a shell in /app. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: InstanceLimits;
}

/** What runs, as the engine tells it. The engine's list is the truth. */
export interface Instance {
  /** The engine's own id. */
  readonly id: string;
  readonly appId: string;
  readonly appName: string;
  readonly processType: string;
  readonly slot: number;
  readonly releaseVersion: number;
  readonly state: InstanceState;
  /** IP address that the router and the health probe connect to; undefined unless it runs. */
  readonly address: string | undefined;
  readonly startedAt: Date | undefined;
  readonly exit: InstanceExit | undefined;
}

export interface InstanceExit {
  readonly code: number;
  readonly outOfMemory: boolean;
  readonly at: Date;
}

/** `web.1`: the name users see, Heroku's dyno name. */
export function instanceName(instance: { readonly processType: string; readonly slot: number }): string {
  return `${instance.processType}.${instance.slot}`;
}

/** The port that every web process is told to bind, in a network namespace of its own. */
export const instancePort = 5000;
