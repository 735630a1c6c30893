import type { RolloutOutcome } from '../domain/desired.ts';
import { ShipwayError } from '../domain/error.ts';
import type { Logs } from '../domain/log.ts';
import type { Release, ReleaseImage } from '../domain/release.ts';
import type { Stores } from '../domain/stores.ts';
import type { AppLocks } from './app-locks.ts';

export interface ReleaseDraft {
  readonly description: string;
  readonly image: ReleaseImage | undefined;
  readonly commit: string | undefined;
  readonly configVars: Readonly<Record<string, string>>;
}

/** What a draft is made from: the newest release of any status, and the newest that succeeded. */
export interface ReleaseHistory {
  readonly latest: Release | undefined;
  readonly current: Release | undefined;
}

/** How a release ended, with the times of its rollout when this process saw it. */
export interface Settled {
  readonly release: Release;
  readonly outcome: RolloutOutcome | undefined;
}

const replacedBy = (version: number) => `Replaced by v${version} before it was live.`;

interface ReleaseDeps {
  readonly stores: Stores;
  readonly locks: AppLocks;
  readonly logs: Logs;
  readonly wakeRollout: (appId: string) => void;
  readonly clock: () => Date;
}

/** The newest release of an app, and how its rollout ends; undefined when an earlier server saw that. */
interface Awaited {
  readonly version: number;
  readonly outcome: PromiseWithResolvers<RolloutOutcome | undefined>;
}

/** Makes releases, and tells those who wait how they ended. */
export class ReleasePipeline {
  readonly #deps: ReleaseDeps;
  readonly #newest = new Map<string, Awaited>();

  constructor(deps: ReleaseDeps) {
    this.#deps = deps;
  }

  /** Makes the next release from its history; `draft` answers undefined when nothing would change. One at a time for each app. */
  make(request: {
    readonly appId: string;
    readonly userId: string;
    readonly draft: (history: ReleaseHistory) => ReleaseDraft | undefined;
  }): Promise<Release | undefined> {
    const { appId, userId, draft } = request;
    const { stores, locks, wakeRollout } = this.#deps;
    return locks(appId, async () => {
      const [latest, current] = await Promise.all([stores.releases.latest(appId), stores.releases.current(appId)]);
      const drafted = draft({ latest, current });
      if (!drafted) return undefined;
      const release = await stores.releases.create({
        ...drafted,
        appId,
        userId,
        status: drafted.image ? 'pending' : 'succeeded',
      });
      // Before rollout takes the new one up, so that the older candidate cannot settle after it.
      if (latest?.status === 'pending') await this.#replaceOlder(release);
      wakeRollout(appId);
      this.#logRelease(release);
      return release;
    });
  }

  /** What rollout calls when a candidate is live or has failed. */
  async settle(appId: string, version: number, outcome: RolloutOutcome): Promise<void> {
    const failure = outcome.status === 'failed' ? { failure: outcome.failure } : {};
    await this.#deps.stores.releases.settle(appId, version, { status: outcome.status, ...failure });
    this.#awaited(appId, version).resolve(outcome);
  }

  /** Resolves when the release is settled, or the one that took over its image before it was live. */
  async settled(appId: string, version: number): Promise<Settled> {
    const one = await this.#settledItself(appId, version);
    const replacement = one.release.failure?.match(/^Replaced by v(\d+)/)?.[1];
    if (replacement === undefined) return one;
    const newer = await this.#deps.stores.releases.find(appId, Number(replacement));
    return newer?.image?.digest === one.release.image?.digest && newer ? this.settled(appId, newer.version) : one;
  }

  async #settledItself(appId: string, version: number): Promise<Settled> {
    const outcome = this.#awaited(appId, version);
    // Settled before this process began.
    if ((await this.#find(appId, version)).status !== 'pending') outcome.resolve(undefined);
    return { outcome: await outcome.promise, release: await this.#find(appId, version) };
  }

  /** Kept until the app's next release, so that an outcome is there also for who asks after it came. */
  #awaited(appId: string, version: number): Awaited['outcome'] {
    const known = this.#newest.get(appId);
    if (known?.version === version) return known.outcome;
    const outcome = Promise.withResolvers<RolloutOutcome | undefined>();
    if (!known || known.version < version) this.#newest.set(appId, { version, outcome });
    return outcome;
  }

  async #find(appId: string, version: number): Promise<Release> {
    const release = await this.#deps.stores.releases.find(appId, version);
    if (!release) throw new ShipwayError('not_found', `Release v${version} is gone.`, { resource: 'release' });
    return release;
  }

  /** A pending release that a newer one replaces never gets its turn. */
  async #replaceOlder(release: Release): Promise<void> {
    for (const older of await this.#deps.stores.releases.ofApp(release.appId, { limit: 20 })) {
      if (older.version < release.version && older.status === 'pending') {
        await this.settle(release.appId, older.version, { status: 'failed', failure: replacedBy(release.version) });
      }
    }
  }

  #logRelease({ appId, version, description, userEmail }: Release): void {
    const line = (text: string) => ({ at: this.#deps.clock(), source: 'app' as const, instance: 'api', text });
    this.#deps.logs.append(appId, [
      line(`Release v${version} created by user ${userEmail}`),
      line(`${description} by user ${userEmail}`),
    ]);
  }
}
