import { type App, assertAppName } from '../domain/app.ts';
import type { Build } from '../domain/build.ts';
import type { Control, InstanceView } from '../domain/control.ts';
import type { Rollout } from '../domain/desired.ts';
import { ShipwayError } from '../domain/error.ts';
import type { Repositories } from '../domain/git.ts';
import type { Logs } from '../domain/log.ts';
import type { FormationEntry } from '../domain/process-type.ts';
import type { Release } from '../domain/release.ts';
import type { Stores } from '../domain/stores.ts';
import type { User } from '../domain/user.ts';
import { randomAppName } from './app-name.ts';
import { applyConfigChanges } from './config-changes.ts';
import type { ReleasePipeline } from './releases.ts';
import { planScale } from './scale.ts';
import { gitUrl, type PlatformSettings, webUrl } from './settings.ts';

interface ControlDeps {
  readonly stores: Stores;
  readonly repositories: Repositories;
  readonly releases: ReleasePipeline;
  readonly rollout: Rollout;
  readonly logs: Logs;
  readonly settings: PlatformSettings;
  /** Deletes an app's images; its layers go with the next garbage collection. */
  readonly removeImages: (appId: string) => Promise<void>;
  /** Lets a build that was canceled come to its end. */
  readonly resumeBuild: (buildId: string) => void;
  readonly clock: () => Date;
}

/** Everything that changes what runs, as the API asks for it. */
export class AppControl implements Control {
  readonly #deps: ControlDeps;

  constructor(deps: ControlDeps) {
    this.#deps = deps;
  }

  webUrl(app: App): string {
    return webUrl(this.#deps.settings, app.name);
  }

  gitUrl(app: App): string {
    return gitUrl(this.#deps.settings, app);
  }

  async createApp({ name, user }: { readonly name: string | undefined; readonly user: User }): Promise<App> {
    const { stores, repositories, rollout } = this.#deps;
    const chosen = name ?? randomAppName();
    assertAppName(chosen);
    const app = await stores.apps.create({ name: chosen, ownerId: user.id });
    await repositories.create(app.id);
    await this.#audit(user, app, 'app.create', chosen);
    rollout.wake(app.id);
    return app;
  }

  async renameApp(app: App, name: string): Promise<App> {
    assertAppName(name);
    const renamed = await this.#deps.stores.apps.update(app.id, { name });
    this.#deps.rollout.wake(app.id);
    return renamed;
  }

  async setMaintenance(app: App, on: boolean): Promise<App> {
    const changed = await this.#deps.stores.apps.update(app.id, { maintenance: on });
    this.#deps.rollout.wake(app.id);
    return changed;
  }

  /** The row first: what is left after a kill belongs to no app, and is removed as such. */
  async destroyApp(app: App): Promise<void> {
    const { stores, repositories, rollout, logs, removeImages } = this.#deps;
    await stores.apps.remove(app.id);
    await rollout.removeApp(app.id);
    await Promise.all([repositories.remove(app.id), logs.remove(app.id), removeImages(app.id)]);
  }

  async configVars(app: App): Promise<Readonly<Record<string, string>>> {
    return (await this.#deps.stores.releases.latest(app.id))?.configVars ?? {};
  }

  async setConfigVars(request: {
    readonly app: App;
    readonly user: User;
    readonly changes: Readonly<Record<string, string | null>>;
  }): Promise<Readonly<Record<string, string>>> {
    const { app, user, changes } = request;
    let after: Readonly<Record<string, string>> = {};
    await this.#deps.releases.make({
      appId: app.id,
      userId: user.id,
      draft: ({ latest, current }) => {
        const change = applyConfigChanges(latest?.configVars ?? {}, changes);
        after = change.configVars;
        // A release that is coming up is overtaken with its own image; one that failed is not tried again.
        const base = latest?.status === 'pending' ? latest : current;
        if (change.description === undefined) return undefined;
        return { description: change.description, image: base?.image, commit: base?.commit, configVars: after };
      },
    });
    return after;
  }

  async rollback({
    app,
    user,
    to,
  }: {
    readonly app: App;
    readonly user: User;
    readonly to: Release;
  }): Promise<Release> {
    if (!to.image || to.status !== 'succeeded') {
      throw new ShipwayError(
        'invalid_params',
        `Cannot roll back to v${to.version}: it never went live. Choose a release that did.`,
      );
    }
    const { image, commit, configVars, version } = to;
    const draft = () => ({ description: `Rollback to v${version}`, image, commit, configVars });
    const release = await this.#deps.releases.make({ appId: app.id, userId: user.id, draft });
    if (!release) throw new ShipwayError('internal', `Cannot roll back to v${version}.`);
    return release;
  }

  async scale(request: {
    readonly app: App;
    readonly user: User;
    readonly updates: readonly { readonly type: string; readonly quantity?: string | number; readonly size?: string }[];
  }): Promise<readonly FormationEntry[]> {
    const { app, user, updates } = request;
    const { stores, rollout } = this.#deps;
    const changes = planScale(await stores.formations.ofApp(app.id), updates);
    const formation = await stores.formations.update(app.id, changes);
    rollout.wake(app.id);
    const scaled = changes.map(({ type, quantity, size }) => `${type}@${quantity}:${size}`).join(' ');
    this.#say(app, `Scaled to ${scaled} by user ${user.email}`);
    await this.#audit(user, app, 'formation.update', scaled);
    return formation;
  }

  async restart({
    app,
    user,
    instance,
  }: {
    readonly app: App;
    readonly user: User;
    readonly instance: string | undefined;
  }): Promise<void> {
    this.#say(app, `Restart of ${instance ?? 'all instances'} by user ${user.email}`);
    await this.#deps.rollout.restart(app.id, instance);
  }

  async stop({
    app,
    user,
    instance,
  }: {
    readonly app: App;
    readonly user: User;
    readonly instance: string;
  }): Promise<void> {
    this.#say(app, `Stop of ${instance} by user ${user.email}`);
    await this.#deps.rollout.stop(app.id, instance);
  }

  instances(app: App): Promise<readonly InstanceView[]> {
    return this.#deps.rollout.views(app.id);
  }

  async cancelBuild({
    app,
    user,
    build,
  }: {
    readonly app: App;
    readonly user: User;
    readonly build: Build;
  }): Promise<void> {
    const canceled = await this.#deps.stores.builds.update(build.id, {
      status: 'canceled',
      failure: `Canceled by ${user.email}.`,
    });
    if (!canceled) {
      throw new ShipwayError(
        'invalid_params',
        'Cannot cancel this build: it has ended. Roll back instead: shipway rollback.',
      );
    }
    this.#deps.resumeBuild(build.id);
    this.#say(app, `Build of ${build.commit.slice(0, 7)} canceled by user ${user.email}`);
  }

  #say(app: App, text: string): void {
    this.#deps.logs.append(app.id, [{ at: this.#deps.clock(), source: 'app', instance: 'api', text }]);
  }

  #audit(user: User, app: App, action: string, detail: string): Promise<void> {
    return this.#deps.stores.audit.append({ userId: user.id, appId: app.id, action, detail });
  }
}
