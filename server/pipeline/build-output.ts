import type { Build, BuildLine, Phase } from '../domain/build.ts';
import { ShipwayError } from '../domain/error.ts';
import type { Builds } from '../domain/stores.ts';

/** `receive 40 ms · build 120 ms · start 430 ms · total 640 ms` */
export function formatPhases(phases: readonly Phase[], totalMs: number): string {
  return [...phases, { name: 'total', durationMs: totalMs }]
    .map(
      ({ name, durationMs }) =>
        `${name} ${durationMs < 10_000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`}`,
    )
    .join(' · ');
}

type Outcome =
  | { readonly kind: 'build-failed' | 'canceled'; readonly failure: string }
  | { readonly kind: 'release-failed'; readonly version: number; readonly failure: string };

/** The last lines of a push that did not go live. */
export function describeOutcome(outcome: Outcome): readonly string[] {
  switch (outcome.kind) {
    case 'canceled':
      return [' !     Build canceled.'];
    case 'build-failed':
      return [...outcome.failure.split('\n').map((line) => ` !     ${line}`), ' !     Push rejected: build failed.'];
    case 'release-failed':
      return [
        ...outcome.failure.split('\n').map((line) => ` !     ${line}`),
        ` !     Push rejected: v${outcome.version} did not go live. What served before still serves.`,
      ];
  }
}

/** Hands over every line of a build, those that are there and those to come, until the build is finished. */
export async function followBuild(
  builds: Builds,
  buildId: string,
  onLine: (line: BuildLine) => void,
): Promise<Build | undefined> {
  const watching = new AbortController();
  let seq = 0;
  for await (const _ of builds.changes(buildId, watching.signal)) {
    // The row first: lines are written before the row is finished, so those that follow it are all.
    const build = await builds.find(buildId);
    for (const line of await builds.linesAfter(buildId, seq)) {
      seq = line.seq;
      onLine(line);
    }
    if (!build || build.finished) {
      watching.abort();
      return build;
    }
  }
  return undefined;
}

/** The build as soon as `until` holds for it. @throws ShipwayError not_found when it is gone, e.g. with its app. */
export async function waitForBuild(builds: Builds, buildId: string, until: (build: Build) => boolean): Promise<Build> {
  const watching = new AbortController();
  for await (const _ of builds.changes(buildId, watching.signal)) {
    const build = await builds.find(buildId);
    if (build && !until(build)) continue;
    watching.abort();
    if (build) return build;
    break;
  }
  throw new ShipwayError('not_found', `Build ${buildId} is gone.`, { resource: 'build' });
}
