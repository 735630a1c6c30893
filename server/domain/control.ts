import type { App } from './app.ts';
import type { Build } from './build.ts';
import type { Instance } from './instance.ts';
import type { FormationEntry } from './process-type.ts';
import type { Release } from './release.ts';
import type { User } from './user.ts';

/** An instance as users see it (Heroku's dyno). */
export interface InstanceView {
  readonly instance: Instance;
  /** `starting`, `up`, `crashed`, `stopping`, `down`: Heroku's words for dyno states. */
  readonly state: 'starting' | 'up' | 'crashed' | 'stopping' | 'down';
  readonly command: string;
  readonly size: string;
  readonly since: Date;
}

/** What the API asks of the pipeline: everything that changes what runs. Each call returns once it is decided, not once it is done. */
export interface Control {
  createApp(request: { readonly name: string | undefined; readonly user: User }): Promise<App>;
  renameApp(app: App, name: string): Promise<App>;
  setMaintenance(app: App, on: boolean): Promise<App>;
  /** Stops its instances, forgets its routes, deletes its repository, images and logs. */
  destroyApp(app: App): Promise<void>;
  configVars(app: App): Promise<Readonly<Record<string, string>>>;
  /** null unsets. One release for all of them; none when nothing changes. */
  setConfigVars(request: {
    readonly app: App;
    readonly user: User;
    readonly changes: Readonly<Record<string, string | null>>;
  }): Promise<Readonly<Record<string, string>>>;
  /** A new release with the image AND the config vars of `to`. @throws ShipwayError invalid_params when it never ran. */
  rollback(request: { readonly app: App; readonly user: User; readonly to: Release }): Promise<Release>;
  scale(request: {
    readonly app: App;
    readonly user: User;
    /** Quantities as Heroku's API takes them: 2, "2", "+1", "-1". */
    readonly updates: readonly { readonly type: string; readonly quantity?: string | number; readonly size?: string }[];
  }): Promise<readonly FormationEntry[]>;
  /** `instance` undefined: all; `web`: a process type; `web.1`: one. */
  restart(request: { readonly app: App; readonly user: User; readonly instance: string | undefined }): Promise<void>;
  stop(request: { readonly app: App; readonly user: User; readonly instance: string }): Promise<void>;
  instances(app: App): Promise<readonly InstanceView[]>;
  cancelBuild(request: { readonly app: App; readonly user: User; readonly build: Build }): Promise<void>;
  /** `http://<app>.<domain>:<port>/`. */
  webUrl(app: App): string;
  /** `http://<domain>:<port>/<app>.git`. */
  gitUrl(app: App): string;
}
