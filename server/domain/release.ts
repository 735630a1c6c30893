import type { ProcessType } from './process-type.ts';

/**
 * `pending`: its instances are being brought up. `succeeded`: it went live. `failed`: its instances did not become
 * healthy, and the release before it kept serving.
 */
export type ReleaseStatus = 'pending' | 'succeeded' | 'failed';

/** The image of a release, as the engine pulls it: `<repository>@<digest>` from Shipway's registry. */
export interface ReleaseImage {
  /** Repository in Shipway's registry: the app's id, so that a rename moves nothing. */
  readonly repository: string;
  /** `sha256:...` of the image manifest. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly processTypes: readonly ProcessType[];
  /** Name of the buildpack as the user sees it, e.g. `Node.js`. */
  readonly buildpack: string;
}

/** Immutable: image + config vars + process types. A rollback or a config change makes a new one. */
export interface Release {
  readonly id: string;
  readonly appId: string;
  /** 1, 2, ...; shown as v1, v2, ... */
  readonly version: number;
  readonly status: ReleaseStatus;
  /** What made it: `Deploy 1a2b3c4`, `Set FOO config var`, `Rollback to v3`. */
  readonly description: string;
  /** Undefined until the first deploy: a release of config vars alone. */
  readonly image: ReleaseImage | undefined;
  readonly commit: string | undefined;
  readonly configVars: Readonly<Record<string, string>>;
  readonly userId: string;
  readonly userEmail: string;
  /** Why it failed, as shown to the user. */
  readonly failure: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
