import type { DesiredRelease, RolloutOutcome } from '../../server/domain/desired.ts';
import type { RolloutTiming } from './actions.ts';
import { bootTimeoutFailure, exitFailure, refusalFailure } from './failure.ts';
import { isHealthy, isLive, isWeb, type ObservedApp, type ObservedInstance } from './observed.ts';
import type { Slot } from './slots.ts';

export type Verdict =
  | { readonly state: 'starting' }
  /** All web instances are healthy; `readyAtMs` is when the last of them became so. */
  | { readonly state: 'ready'; readonly readyAtMs: number }
  | { readonly state: 'failed'; readonly failure: string; readonly blame: string | undefined };

/** An adopted instance is looked at before its time counts: the platform, not the app, may have been away. */
export function hasBootTimedOut(observed: ObservedInstance, nowMs: number, timing: RolloutTiming): boolean {
  return (
    isWeb(observed) &&
    isLive(observed) &&
    observed.health === 'booting' &&
    nowMs >= observed.startedAtMs + timing.bootTimeoutMs
  );
}

function failed(failure: string, blamed: ObservedInstance | undefined): Verdict {
  return { state: 'failed', failure, blame: blamed?.instance.id };
}

/** Pure: how the candidate stands. `slots` are its web slots: nothing else of it runs before the switch. */
export function judgeCandidate(
  candidate: DesiredRelease,
  slots: readonly Slot[],
  observed: ObservedApp,
  clock: { readonly nowMs: number; readonly timing: RolloutTiming },
): Verdict {
  const own = observed.instances.filter(({ instance }) => instance.releaseVersion === candidate.version);
  const refusal = observed.attempt?.version === candidate.version ? observed.attempt.refusal : undefined;
  if (refusal !== undefined) return failed(refusalFailure(candidate.version, refusal), undefined);

  const exited = own.find((one) => isWeb(one) && one.instance.state === 'exited' && !one.retiring);
  if (exited !== undefined) return failed(exitFailure(exited.instance, exited.limits), exited);

  const late = own.find((one) => hasBootTimedOut(one, clock.nowMs, clock.timing));
  if (late !== undefined) return failed(bootTimeoutFailure(candidate.version, clock.timing.bootTimeoutMs), late);

  const keepers = slots.flatMap(({ keeper }) => (keeper !== undefined && isHealthy(keeper) ? [keeper] : []));
  if (keepers.length < slots.length) return { state: 'starting' };
  const began = observed.attempt?.beganAtMs ?? clock.nowMs;
  return { state: 'ready', readyAtMs: Math.max(began, ...keepers.map(({ healthyAtMs }) => healthyAtMs ?? began)) };
}

export function successOf(
  verdict: Verdict & { readonly state: 'ready' },
  beganAtMs: number,
  nowMs: number,
): RolloutOutcome {
  return {
    status: 'succeeded',
    startMs: verdict.readyAtMs - beganAtMs,
    routeMs: Math.max(0, nowMs - verdict.readyAtMs),
  };
}
