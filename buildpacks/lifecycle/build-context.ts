import type { Readable } from 'node:stream';
import type { BuildRequest } from '../../server/domain/build.ts';
import type { BuildPlan, Buildpack, SourceTree } from '../../server/domain/build-plan.ts';
import type { Engine } from '../../server/domain/engine.ts';
import type { InstanceLimits } from '../../server/domain/process-type.ts';
import type { BaseLayer } from '../image/base-layer.ts';
import type { BlobStore } from '../image/blob-store.ts';
import type { LayerCache } from '../image/layer-cache.ts';
import type { ManifestStore } from '../image/manifest-store.ts';
import type { NpmRunner } from '../npm-runner.ts';
import type { BuildOutput } from './build-output.ts';

/** What an app builder is made of. */
export interface AppBuilderOptions {
  /** First match wins. */
  readonly buildpacks: readonly Buildpack[];
  readonly versions: () => Promise<Readonly<Record<string, readonly string[]>>>;
  readonly engine: Engine;
  readonly blobs: BlobStore;
  readonly layers: LayerCache;
  readonly manifests: ManifestStore;
  /** Bottom of every image. */
  readonly base: () => Promise<BaseLayer>;
  /** Bottom of build containers: the same system with compilers and git. Asked for only by plans that want build tools. */
  readonly buildBase: () => Promise<BaseLayer>;
  /** `host:port` under which the engine pulls from Shipway's registry. */
  readonly registryHost: string;
  readonly readTree: (repositoryPath: string, commit: string) => Promise<SourceTree>;
  /** The tree's files as a tar, as `git archive` makes it. */
  readonly exportTree: (repositoryPath: string, tree: string) => Readable;
  readonly npm: NpmRunner;
  readonly limits: InstanceLimits;
  /** Of one layer's commands. */
  readonly timeoutMs: number;
  /** PEM bundle of the site, for build commands alone. */
  readonly caFile?: string | undefined;
  /** Variables of the site that build commands see: mirrors, proxies. */
  readonly buildEnv: Readonly<Record<string, string>>;
  /** Unix ms. */
  readonly clock: () => number;
  /** Existing folder for toolchains while they are fetched. */
  readonly tempRoot: string;
}

/** One build, once its plan is known. */
export interface BuildContext {
  readonly options: AppBuilderOptions;
  readonly request: BuildRequest;
  readonly buildpack: Buildpack;
  readonly plan: BuildPlan;
  readonly tree: SourceTree;
  readonly keeps: (path: string) => boolean;
  readonly base: BaseLayer;
  readonly buildBase: BaseLayer;
  readonly output: BuildOutput;
  readonly signal: AbortSignal;
}

/** uid and gid of the app's own files and processes. */
export const appUser = 1000;
