import { setTimeout as sleep } from 'node:timers/promises';
import type { Build, Phase } from '../domain/build.ts';
import { toShipwayError } from '../domain/error.ts';
import { hiddenRefPrefix, type RefCommand, type Repositories, zeroOid } from '../domain/git.ts';
import type { BuildQueue } from '../domain/queue.ts';
import type { Release } from '../domain/release.ts';
import type { Stores } from '../domain/stores.ts';
import { describeOutcome, formatPhases, waitForBuild } from './build-output.ts';
import type { ReleasePipeline, Settled } from './releases.ts';

export interface DeployRequest {
  readonly appId: string;
  readonly userId: string;
  readonly commit: string;
  readonly tree: string;
  readonly command: RefCommand;
  readonly receiveMs: number;
  readonly alsoMove: readonly RefCommand[];
}

interface DeployDeps {
  readonly stores: Stores;
  readonly queue: BuildQueue;
  readonly repositories: Repositories;
  readonly releases: ReleasePipeline;
  readonly webUrl: (appName: string) => string;
  readonly log: (text: string) => void;
}

const shortOid = (oid: string) => oid.slice(0, 7);
const heldRef = (buildId: string) => `${hiddenRefPrefix}builds/${buildId}`;
const retryMs = 1_000;

function describeError(thrown: unknown): string {
  const { message, cause } = toShipwayError(thrown);
  return cause instanceof Error ? `${message} ${cause.stack}` : message;
}

function rolloutPhases(outcome: Settled['outcome']): readonly Phase[] {
  if (outcome?.status !== 'succeeded') return [];
  return [
    { name: 'start', durationMs: outcome.startMs },
    { name: 'route', durationMs: outcome.routeMs },
  ];
}

/**
 * Drives builds to their end: queue, release, rollout, ref. Each step reads the row first and writes it last, so a build can be taken up at any
 * step by the next server.
 */
export class Deploys {
  readonly #deps: DeployDeps;
  readonly #driving = new Set<string>();
  /** Refs that move together with a build's own, for `--atomic`. */
  readonly #alsoMove = new Map<string, readonly RefCommand[]>();

  constructor(deps: DeployDeps) {
    this.#deps = deps;
  }

  /** Takes up what a stopped server left. */
  async start(): Promise<void> {
    for (const build of await this.#deps.stores.builds.unfinished()) {
      if (build.status === 'replaced') await this.#finish(build);
      else if (build.status === 'queued') await this.#place(build);
      else this.resume(build.id);
    }
  }

  /** Makes the build of a push, and runs or queues it. */
  async submit(request: DeployRequest): Promise<Build> {
    const { stores, repositories } = this.#deps;
    const { appId, userId, commit, tree, command } = request;
    const phases = [{ name: 'receive', durationMs: request.receiveMs }];
    const build = await stores.builds.create({
      appId,
      userId,
      commit,
      tree,
      ref: command.ref,
      oldCommit: command.oldOid,
      phases,
    });
    await repositories.updateRef(appId, { ref: heldRef(build.id), oldOid: zeroOid, newOid: commit });
    if (request.alsoMove.length > 0) this.#alsoMove.set(build.id, request.alsoMove);
    await this.#place(build);
    return build;
  }

  /** Runs the build, or lets it wait behind the one that runs. Asking twice changes nothing. */
  async #place(build: Build): Promise<void> {
    const place = await this.#deps.stores.builds.enqueue(build.id);
    if (place.state === 'started') return this.resume(build.id);
    await this.#tell(build.id, `-----> Queued behind the build of ${shortOid(place.behind.commit)}`);
    if (place.replaced) await this.#concludeReplaced(place.replaced, build);
  }

  #tell(buildId: string, ...lines: string[]): Promise<void> {
    return this.#deps.stores.builds.appendLines(buildId, lines);
  }

  /** Drives a build to its end, unless that goes on already. */
  resume(buildId: string): void {
    if (this.#driving.has(buildId)) return;
    this.#driving.add(buildId);
    void this.#driveToEnd(buildId).finally(() => this.#driving.delete(buildId));
  }

  /** Trouble of the platform (database or engine away) is waited out: the steps can be repeated. */
  async #driveToEnd(buildId: string): Promise<void> {
    for (;;) {
      try {
        const build = await this.#deps.stores.builds.find(buildId);
        if (!build || build.finished) return;
        const done = await this.#built(build);
        await this.#conclude(done);
        return await this.#finish(done);
      } catch (thrown) {
        this.#deps.log(`build ${buildId}: ${describeError(thrown)}`);
        if (toShipwayError(thrown).code === 'not_found') return;
        await sleep(retryMs);
      }
    }
  }

  /** Why the ref may not move any more; undefined when it may. It may have moved while the push waited its turn. */
  async #staleReason({ appId, ref, commit, oldCommit }: Build): Promise<string | undefined> {
    const { repositories } = this.#deps;
    const now = (await repositories.readRef(appId, ref)) ?? zeroOid;
    if (now === oldCommit || now === zeroOid || now === commit) return undefined;
    if (await repositories.isDescendant(appId, commit, now)) return undefined;
    const wasForced = oldCommit !== zeroOid && !(await repositories.isDescendant(appId, commit, oldCommit));
    if (wasForced) return undefined;
    return `${ref} moved to ${shortOid(now)} while this push waited. Run git pull, then push again.`;
  }

  async #built(build: Build): Promise<Build> {
    const { builds } = this.#deps.stores;
    if (build.status !== 'pending') return build;
    const stale = await this.#staleReason(build);
    if (stale) return (await builds.update(build.id, { status: 'failed', failure: stale })) ?? build;
    await this.#deps.queue.add(build.id);
    return waitForBuild(builds, build.id, (now) => now.status !== 'pending');
  }

  async #released(build: Build): Promise<Release | undefined> {
    const { stores, releases } = this.#deps;
    if (build.releaseVersion !== undefined) return stores.releases.find(build.appId, build.releaseVersion);
    const release = await releases.make({
      appId: build.appId,
      userId: build.userId,
      draft: ({ latest }) => ({
        description: `Deploy ${shortOid(build.commit)}`,
        image: build.image,
        commit: build.commit,
        configVars: latest?.configVars ?? {},
      }),
    });
    if (release) {
      await stores.builds.update(build.id, { releaseVersion: release.version });
      await this.#tell(build.id, `-----> Starting v${release.version}`);
    }
    return release;
  }

  async #conclude(build: Build): Promise<void> {
    const release = build.status === 'succeeded' ? await this.#released(build) : undefined;
    if (!release) {
      const kind = build.status === 'canceled' ? 'canceled' : 'build-failed';
      return this.#tell(build.id, ...describeOutcome({ kind, failure: build.failure ?? '' }));
    }
    const settled = await this.#deps.releases.settled(build.appId, release.version);
    if (settled.release.status === 'succeeded') return this.#goLive(build, settled);
    const failure = settled.release.failure ?? 'The release failed.';
    await this.#deps.stores.builds.update(build.id, { failure });
    await this.#tell(build.id, ...describeOutcome({ kind: 'release-failed', version: release.version, failure }));
  }

  async #goLive(build: Build, { release, outcome }: Settled): Promise<void> {
    const { stores, webUrl } = this.#deps;
    const phases = [...build.phases, ...rolloutPhases(outcome)];
    await this.#moveRefs(build);
    await stores.builds.update(build.id, { phases });
    const app = await stores.apps.find(build.appId);
    await this.#tell(
      build.id,
      `-----> Launching... Released v${release.version}`,
      `       ${webUrl(app?.name ?? build.appId)} deployed`,
      `       ${formatPhases(phases, Date.now() - build.createdAt.getTime())}`,
    );
  }

  async #moveRefs(build: Build): Promise<void> {
    const { repositories } = this.#deps;
    const now = (await repositories.readRef(build.appId, build.ref)) ?? zeroOid;
    const own = { ref: build.ref, oldOid: now, newOid: build.commit };
    const moved = await repositories.updateRefs(build.appId, [own, ...(this.#alsoMove.get(build.id) ?? [])]);
    if (!moved) await repositories.updateRef(build.appId, own);
  }

  async #finish(build: Build): Promise<void> {
    const next = await this.#deps.stores.builds.finish(build.id);
    this.#alsoMove.delete(build.id);
    await this.#deps.repositories.updateRef(build.appId, {
      ref: heldRef(build.id),
      oldOid: build.commit,
      newOid: zeroOid,
    });
    if (next) this.resume(next.id);
  }

  async #concludeReplaced(replaced: Build, by: Build): Promise<void> {
    await this.#tell(
      replaced.id,
      ` !     Replaced by the push of ${shortOid(by.commit)}, which came while this one waited.`,
    );
    await this.#finish(replaced);
  }
}
