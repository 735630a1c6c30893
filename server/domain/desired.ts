import type { InstanceView } from './control.ts';
import type { InstanceLimits, ProcessType } from './process-type.ts';

/** A release as rollout needs it: everything resolved, nothing to look up. */
export interface DesiredRelease {
  readonly version: number;
  /** `<host>:<port>/<repository>@sha256:...`. */
  readonly image: string;
  readonly processTypes: readonly ProcessType[];
  /** Config vars and the variables of the platform that are the same for all instances of the release. */
  readonly env: Readonly<Record<string, string>>;
}

/** What one app should look like, derived from releases and formation. */
export interface DesiredApp {
  readonly appId: string;
  readonly appName: string;
  readonly hosts: readonly string[];
  readonly maintenance: boolean;
  /** The release that serves: the newest that succeeded and has an image. */
  readonly current: DesiredRelease | undefined;
  /** A pending release newer than `current`: comes up beside it and takes its place once it is healthy. */
  readonly candidate: DesiredRelease | undefined;
  readonly formation: readonly {
    readonly type: string;
    readonly quantity: number;
    readonly size: string;
    readonly limits: InstanceLimits;
  }[];
}

/** How a candidate ended. `failure` is text for the user: action, what was seen, what to do. */
export type RolloutOutcome =
  | { readonly status: 'succeeded'; readonly startMs: number; readonly routeMs: number }
  | { readonly status: 'failed'; readonly failure: string };

/** Brings the engine to what the releases say. */
export interface Rollout {
  /** Something about the app changed: look again, now. */
  wake(appId: string): void;
  views(appId: string): Promise<readonly InstanceView[]>;
  /** New instances first, then the old ones are drained. `selector` as in Control.restart. */
  restart(appId: string, selector: string | undefined): Promise<void>;
  stop(appId: string, selector: string): Promise<void>;
  /** Stops and removes everything of an app that was destroyed. */
  removeApp(appId: string): Promise<void>;
}
