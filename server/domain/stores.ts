import type { App } from './app.ts';
import type { Build, BuildLine, BuildStatus, Phase } from './build.ts';
import type { FormationEntry } from './process-type.ts';
import type { Release, ReleaseImage } from './release.ts';
import type { AccessToken, User } from './user.ts';

/** What each store promises. Every method throws ShipwayError `unavailable` when the database cannot be reached. */
export interface Users {
  byId(id: string): Promise<User | undefined>;
  byEmail(email: string): Promise<User | undefined>;
  /** The user whose token's secret or password this is; undefined for a wrong or expired one. */
  byToken(secret: string): Promise<{ readonly user: User; readonly token: AccessToken } | undefined>;
  byPassword(email: string, password: string): Promise<User | undefined>;
  /** The first user, made at the first start. */
  first(): Promise<User | undefined>;
  create(user: { readonly email: string; readonly password: string }): Promise<User>;
  createToken(token: {
    readonly userId: string;
    readonly description: string;
    readonly expiresInS: number | undefined;
    /** Given for the platform's own token; otherwise random. */
    readonly secret?: string;
    /** Default: `authorization`. */
    readonly kind?: AccessToken['kind'];
  }): Promise<{ readonly token: AccessToken; readonly secret: string }>;
  tokens(userId: string): Promise<readonly AccessToken[]>;
  deleteToken(userId: string, tokenId: string): Promise<AccessToken | undefined>;
}

export interface Apps {
  /** Name or id. */
  find(identity: string): Promise<App | undefined>;
  ofOwner(userId: string): Promise<readonly App[]>;
  all(): Promise<readonly App[]>;
  /** @throws ShipwayError invalid_params when the name is taken. */
  create(app: { readonly name: string; readonly ownerId: string }): Promise<App>;
  update(appId: string, change: { readonly name?: string; readonly maintenance?: boolean }): Promise<App>;
  /** The row and all that hangs on it, in one transaction. */
  remove(appId: string): Promise<void>;
}

export interface Builds {
  find(id: string): Promise<Build | undefined>;
  ofApp(appId: string, range: { readonly limit: number }): Promise<readonly Build[]>;
  create(build: {
    readonly appId: string;
    readonly userId: string;
    readonly commit: string;
    readonly tree: string;
    readonly ref: string;
    readonly oldCommit: string;
    readonly phases: readonly Phase[];
  }): Promise<Build>;
  /**
   * One build of an app runs at a time. The transaction that decides: starts this one when no other is unfinished ('started'), else leaves it queued
   * ('queued', with the build that runs) and marks the one that was queued before as replaced.
   */
  enqueue(
    buildId: string,
  ): Promise<
    | { readonly state: 'started' }
    | { readonly state: 'queued'; readonly behind: Build; readonly replaced: Build | undefined }
  >;
  /** Marks the build finished and hands back the app's queued one, now pending, if there is one. */
  finish(buildId: string): Promise<Build | undefined>;
  /** Sets fields; the row's status only moves forward (a finished build stays what it is). Answers undefined when it had moved on. */
  update(
    buildId: string,
    change: {
      readonly status?: BuildStatus;
      readonly image?: ReleaseImage;
      readonly failure?: string;
      readonly releaseVersion?: number;
      readonly phases?: readonly Phase[];
    },
  ): Promise<Build | undefined>;
  /** Builds that a stopped server left unfinished, oldest first. */
  unfinished(): Promise<readonly Build[]>;
  appendLines(buildId: string, lines: readonly string[]): Promise<void>;
  linesAfter(buildId: string, seq: number): Promise<readonly BuildLine[]>;
  /**
   * Wakes for every change of the build (lines, status) until `signal` aborts; a change may be told twice, none is missed:
   * it also wakes once at the start and after every reconnect.
   */
  changes(buildId: string, signal: AbortSignal): AsyncIterable<void>;
}

export interface Releases {
  find(appId: string, identity: string | number): Promise<Release | undefined>;
  /** Newest first. */
  ofApp(appId: string, range: { readonly limit: number }): Promise<readonly Release[]>;
  /** The newest one that succeeded. */
  current(appId: string): Promise<Release | undefined>;
  /** The newest of any status. */
  latest(appId: string): Promise<Release | undefined>;
  /**
   * Takes the next version number of the app, and makes formation entries for process types that are new.
   * `configVars` undefined: those of the latest release.
   */
  create(release: {
    readonly appId: string;
    readonly userId: string;
    readonly description: string;
    readonly image: ReleaseImage | undefined;
    readonly commit: string | undefined;
    readonly configVars: Readonly<Record<string, string>> | undefined;
    readonly status: 'pending' | 'succeeded';
  }): Promise<Release>;
  settle(
    appId: string,
    version: number,
    outcome: { readonly status: 'succeeded' | 'failed'; readonly failure?: string },
  ): Promise<void>;
  /** Digests of all images that a kept release names, for garbage collection. */
  imageDigests(): Promise<readonly string[]>;
}

export interface Formations {
  ofApp(appId: string): Promise<readonly FormationEntry[]>;
  update(
    appId: string,
    changes: readonly { readonly type: string; readonly quantity?: number; readonly size?: string }[],
  ): Promise<readonly FormationEntry[]>;
}

export interface Stores {
  readonly users: Users;
  readonly apps: Apps;
  readonly builds: Builds;
  readonly releases: Releases;
  readonly formations: Formations;
  /** Newest first; the append-only audit log. */
  readonly audit: {
    append(entry: {
      readonly userId: string | undefined;
      readonly appId: string | undefined;
      readonly action: string;
      readonly detail: string;
    }): Promise<void>;
  };
}
