import type { Build, BuildRequest, BuildResult } from '../domain/build.ts';
import { toShipwayError } from '../domain/error.ts';
import type { Stores } from '../domain/stores.ts';
import { createLineWriter } from './line-writer.ts';

type BuildApp = (
  request: BuildRequest,
  on: { readonly line: (text: string) => void; readonly signal: AbortSignal },
) => Promise<BuildResult>;

interface RunnerDeps {
  readonly stores: Stores;
  readonly buildApp: BuildApp;
  readonly repositoryPath: (appId: string) => string;
  readonly log: (text: string) => void;
}

export interface BuildRunner {
  /** Runs one build of the queue. A build that was canceled, or ended by another worker, is left alone. */
  readonly run: (buildId: string) => Promise<void>;
  /** The queue gave up on it: its worker died again and again. */
  readonly giveUp: (buildId: string, error: Error) => Promise<void>;
  /** Stops all builds where they are; nothing is written, so that another worker runs them again. */
  readonly abort: () => void;
}

class WorkerStopped extends Error {}

/** What a worker does for one job: read the row, build, write the outcome. The row is the truth, the job is only a bell. */
export function createBuildRunner(deps: RunnerDeps): BuildRunner {
  const running = new Set<AbortController>();

  async function run(buildId: string): Promise<void> {
    const build = await deps.stores.builds.find(buildId);
    if (build?.status !== 'pending') return;
    const controller = new AbortController();
    running.add(controller);
    try {
      await runOne(deps, build, controller);
    } finally {
      running.delete(controller);
    }
  }

  return {
    run,
    giveUp: async (buildId, error) => {
      deps.log(`build ${buildId} given up: ${error.stack}`);
      const failure =
        'The build was given up: it took its worker down several times. Look at its memory use; try again with a push.';
      await deps.stores.builds.update(buildId, { status: 'failed', failure });
    },
    abort: () => {
      for (const controller of running) controller.abort(new WorkerStopped('The worker stops.'));
    },
  };
}

async function requestFor(deps: RunnerDeps, build: Build): Promise<BuildRequest | undefined> {
  const [app, latest] = await Promise.all([
    deps.stores.apps.find(build.appId),
    deps.stores.releases.latest(build.appId),
  ]);
  if (!app) return undefined;
  return {
    buildId: build.id,
    appId: app.id,
    appName: app.name,
    repositoryPath: deps.repositoryPath(app.id),
    commit: build.commit,
    tree: build.tree,
    configVars: latest?.configVars ?? {},
  };
}

/** Aborts the build when its row says that it was canceled. */
async function watchForCancel(
  deps: RunnerDeps,
  buildId: string,
  controller: AbortController,
  watching: AbortSignal,
): Promise<void> {
  for await (const _ of deps.stores.builds.changes(buildId, watching)) {
    const now = await deps.stores.builds.find(buildId);
    if (now?.status !== 'pending') return controller.abort(new Error('canceled'));
  }
}

async function runOne(deps: RunnerDeps, build: Build, controller: AbortController): Promise<void> {
  const { builds } = deps.stores;
  const request = await requestFor(deps, build);
  if (!request) return;
  const queueMs = Date.now() - build.updatedAt.getTime();
  const lines = createLineWriter((batch) => builds.appendLines(build.id, batch));
  const watching = new AbortController();
  const canceled = watchForCancel(deps, build.id, controller, watching.signal).catch((error: unknown) =>
    deps.log(String(error)),
  );
  try {
    const result = await deps.buildApp(request, { line: lines.write, signal: controller.signal });
    watching.abort();
    await lines.flush();
    const phases = [...build.phases, { name: 'queue', durationMs: Math.max(0, queueMs) }, ...result.phases];
    await builds.update(build.id, { phases, ...outcomeOf(result) });
  } catch (thrown) {
    watching.abort();
    await settleThrown(deps, build, controller.signal, thrown);
  } finally {
    await canceled;
  }
}

function outcomeOf(result: BuildResult) {
  return result.status === 'succeeded'
    ? { status: 'succeeded' as const, image: result.image }
    : { status: 'failed' as const, failure: result.reason };
}

async function settleThrown(deps: RunnerDeps, build: Build, signal: AbortSignal, thrown: unknown): Promise<void> {
  if (signal.aborted) {
    // A canceled build has its status already; a stopped worker leaves the job to the next one.
    if (signal.reason instanceof WorkerStopped) throw signal.reason;
    return;
  }
  const error = toShipwayError(thrown);
  deps.log(`build ${build.id}: ${error.message} ${error.cause instanceof Error ? error.cause.stack : ''}`);
  await deps.stores.builds.update(build.id, { status: 'failed', failure: error.message });
}
