/** The fields of the API's answers that an app's state is derived from. */
export interface AppFacts {
  readonly maintenance: boolean;
  readonly dynos: readonly { readonly type: string; readonly state: string }[];
  readonly releases: readonly ReleaseFacts[];
  readonly builds: readonly { readonly status: string; readonly created_at: string }[];
}

interface ReleaseFacts {
  readonly version: number;
  readonly status: string;
  readonly current?: boolean | undefined;
  /** Null or missing for a release of config vars alone, before the first deploy. */
  readonly slug?: object | null | undefined;
}

type AppStateName =
  | 'building'
  | 'releasing'
  | 'maintenance'
  | 'blank'
  | 'crashed'
  | 'degraded'
  | 'starting'
  | 'stopped'
  | 'live';

export interface AppState {
  readonly name: AppStateName;
  readonly label: string;
}

const labels: Readonly<Record<AppStateName, string>> = {
  building: 'Building',
  releasing: 'Going live',
  maintenance: 'Maintenance',
  blank: 'No release yet',
  crashed: 'Crashed',
  degraded: 'Partly up',
  starting: 'Starting',
  stopped: 'Scaled to 0',
  live: 'Live',
};

/** What is going on wins over what is: a build that runs is shown before the instances of the release below it. */
export function deriveState(facts: AppFacts): AppState {
  const name = stateName(facts);
  return { name, label: labels[name] };
}

function stateName(facts: AppFacts): AppStateName {
  if (facts.builds.some(isRunning)) return 'building';
  if (facts.releases.some((release) => release.status === 'pending')) return 'releasing';
  if (facts.maintenance) return 'maintenance';
  const live = facts.dynos.filter((dyno) => dyno.state !== 'stopping' && dyno.state !== 'down');
  if (live.length === 0) return deployed(facts) ? 'stopped' : 'blank';
  return instancesState(live);
}

function instancesState(dynos: AppFacts['dynos']): AppStateName {
  const crashed = dynos.filter((dyno) => dyno.state === 'crashed').length;
  const up = dynos.filter((dyno) => dyno.state === 'up').length;
  if (crashed > 0) return up > 0 ? 'degraded' : 'crashed';
  return up > 0 ? 'live' : 'starting';
}

function deployed(facts: AppFacts): boolean {
  return facts.releases.some((release) => release.status === 'succeeded' && release.slug != null);
}

/** How many instances of each process type are in each state, in the order of their first. */
export function countStates(
  dynos: AppFacts['dynos'],
): readonly { readonly type: string; readonly state: string; readonly count: number }[] {
  const groups = Map.groupBy(dynos, (dyno) => `${dyno.type} ${dyno.state}`);
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    return first === undefined ? [] : [{ type: first.type, state: first.state, count: group.length }];
  });
}

export function isRunning(build: { readonly status: string }): boolean {
  return build.status === 'pending';
}

/** Its output goes on after the image is made, until its release is live or has failed. */
export function isOver(build: { readonly status: string; readonly finished?: boolean | undefined }): boolean {
  return build.finished ?? !isRunning(build);
}

/** `web.2` before `web.10`. */
export function byName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return items.toSorted((left, right) => left.name.localeCompare(right.name, 'en', { numeric: true }));
}

/** The release that serves: the one the API marks, else the newest that succeeded. */
export function currentRelease<R extends ReleaseFacts>(releases: readonly R[]): R | undefined {
  const marked = releases.find((release) => release.current === true);
  if (marked !== undefined) return marked;
  return releases
    .filter((release) => release.status === 'succeeded')
    .reduce<R | undefined>((best, release) => (best && best.version > release.version ? best : release), undefined);
}

/** Newest first, whatever order the API answered in. */
export function newestFirst<T extends { readonly created_at: string }>(items: readonly T[]): readonly T[] {
  return items.toSorted((left, right) => right.created_at.localeCompare(left.created_at));
}
