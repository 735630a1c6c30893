import type { DesiredApp, DesiredRelease, RolloutOutcome } from '../../server/domain/desired.ts';
import type { AppRoute } from '../../server/domain/route.ts';
import type { Action, Plan, RolloutTiming } from './actions.ts';
import { hasBootTimedOut, judgeCandidate, successOf, type Verdict } from './candidate.ts';
import {
  type Attempt,
  crashKey,
  isLive,
  isRunning,
  isWeb,
  type ObservedApp,
  type ObservedInstance,
} from './observed.ts';
import { routeOf, sameRoute } from './route-plan.ts';
import { isWebSlot, type Slot, slotsOf } from './slots.ts';

interface Look {
  readonly observed: ObservedApp;
  readonly nowMs: number;
  readonly timing: RolloutTiming;
}

/** A release and its slots. Of a candidate only web comes up; its other process types start at the switch. */
interface Side {
  readonly release: DesiredRelease;
  readonly slots: readonly Slot[];
}

interface Sides {
  readonly serving: Side | undefined;
  readonly candidate: (Side & { readonly verdict: Verdict }) | undefined;
  /** What was decided about the candidate and not yet taken by the releases: decided once, told until it is taken. */
  readonly decided: { readonly releaseVersion: number; readonly outcome: RolloutOutcome } | undefined;
  /** Release whose instances are left alone until the releases have taken the candidate's success. */
  readonly spared: number | undefined;
}

/**
 * Pure: what has to be under way now, from what should be and what is. Holds no memory, so a killed server goes on where
 * it was. The order of a rollout is in the conditions: start, probe, publish, acknowledged, settle, drain, stop, remove.
 * `desired` undefined: the app is gone.
 */
export function reconcile(
  desired: DesiredApp | undefined,
  observed: ObservedApp,
  nowMs: number,
  timing: RolloutTiming,
): Plan {
  const look = { observed, nowMs, timing };
  if (desired === undefined) return withWake(tearDown(look), look);

  const sides = sidesOf(desired, look);
  const { serving, candidate } = sides;
  const coming = candidate?.verdict.state === 'failed' ? undefined : candidate?.release;
  const ready = candidate?.verdict.state === 'ready' ? candidate : undefined;
  const route = routeOf({ desired, serving: ready ?? serving, coming, observed, nowMs });
  const looked = !observed.instances.some((one) => needsFirstLook(one, serving));
  const isAcknowledged = observed.published?.acknowledged === true && sameRoute(observed.published.route, route);
  const routed = looked && isAcknowledged && nowMs >= timing.readyAtMs;
  const actions = [
    ...(serving === undefined ? [] : bringUp(serving, look)),
    ...(candidate?.verdict.state === 'starting' ? bringUp(candidate, look) : []),
    ...firstLooks(sides, observed),
    ...(looked ? publish(route, observed) : []),
    ...settle(sides, routed, look),
    ...observed.instances.flatMap((one) => (isSpared(one, sides, route) ? [] : retire(one, routed, look))),
  ];
  return withWake(actions, look);
}

function sidesOf(desired: DesiredApp, look: Look): Sides {
  const { observed } = look;
  const side = (release: DesiredRelease): Side => ({ release, slots: slotsOf(desired, release, observed.instances) });
  const { current, candidate } = desired;
  const serving = current === undefined ? undefined : side(current);
  if (candidate === undefined) return { serving, candidate: undefined, decided: undefined, spared: undefined };

  const attempt = attemptOf(candidate, observed);
  const decided = attempt?.outcome && { releaseVersion: candidate.version, outcome: attempt.outcome };
  // It went live; only the releases do not know yet.
  if (decided?.outcome.status === 'succeeded') {
    return { serving: side(candidate), candidate: undefined, decided, spared: current?.version };
  }
  const webSlots = side(candidate).slots.filter(isWebSlot);
  const verdict: Verdict =
    decided?.outcome.status === 'failed'
      ? { state: 'failed', failure: decided.outcome.failure, blame: undefined }
      : judgeCandidate(candidate, webSlots, observed, look);
  return { serving, candidate: { release: candidate, slots: webSlots, verdict }, decided, spared: undefined };
}

function attemptOf(release: DesiredRelease, observed: ObservedApp): Attempt | undefined {
  return observed.attempt?.version === release.version ? observed.attempt : undefined;
}

function bringUp({ release, slots }: Side, { observed, nowMs, timing }: Look): readonly Action[] {
  return slots.flatMap(({ spec, keeper }): readonly Action[] => {
    if (keeper === undefined) {
      const crash = observed.crashes.get(crashKey(spec));
      if (crash !== undefined && crash.restartAtMs > nowMs) return [];
      return observed.pulledImages.has(spec.image)
        ? [{ type: 'start', spec }]
        : [{ type: 'pull', image: spec.image, releaseVersion: release.version }];
    }
    if (hasBootTimedOut(keeper, nowMs, timing)) return [{ type: 'kill', instanceId: keeper.instance.id }];
    return keeper.health === 'booting' ? probe(keeper, false) : [];
  });
}

function probe({ instance }: ObservedInstance, once: boolean): readonly Action[] {
  return instance.address === undefined
    ? []
    : [{ type: 'probe', instanceId: instance.id, address: instance.address, once }];
}

/** Routes wait for it: a restarted server must not take away targets that serve. */
function needsFirstLook(one: ObservedInstance, side: Side | undefined): boolean {
  return one.health === 'unknown' && isLive(one) && one.instance.releaseVersion === side?.release.version;
}

function firstLooks({ serving, candidate }: Sides, observed: ObservedApp): readonly Action[] {
  return observed.instances
    .filter((one) => needsFirstLook(one, serving) || needsFirstLook(one, candidate))
    .flatMap((one) => probe(one, true));
}

function publish(route: AppRoute, { published }: ObservedApp): readonly Action[] {
  return sameRoute(published?.route, route) ? [] : [{ type: 'publish', route }];
}

/** A failure needs no route; a success is told only once every router sends requests to the candidate. */
function settle({ candidate, decided }: Sides, routed: boolean, { observed, nowMs }: Look): readonly Action[] {
  if (decided !== undefined) return [{ type: 'settle', ...decided, blame: undefined }];
  if (candidate === undefined) return [];
  const { release, verdict } = candidate;
  if (verdict.state === 'failed') {
    const { failure, blame } = verdict;
    return [{ type: 'settle', releaseVersion: release.version, outcome: { status: 'failed', failure }, blame }];
  }
  if (verdict.state === 'starting' || !routed) return [];
  const outcome = successOf(verdict, attemptOf(release, observed)?.beganAtMs ?? nowMs, nowMs);
  return [{ type: 'settle', releaseVersion: release.version, outcome, blame: undefined }];
}

/** Everything that nothing wants is on its way out: old releases, surplus slots, duplicates, what has exited. */
function isSpared(one: ObservedInstance, { serving, candidate, spared }: Sides, route: AppRoute): boolean {
  const { id, releaseVersion } = one.instance;
  if (one.retiring) return false;
  if (route.targets.some(({ instanceId }) => instanceId === id)) return true;
  if (holds(one, serving) || holds(one, candidate) || releaseVersion === spared) return true;
  if (candidate === undefined || releaseVersion !== candidate.release.version) return false;
  // Until the candidate is settled its exited instances are the evidence.
  return candidate.verdict.state === 'failed' || !isWeb(one) || one.instance.state === 'exited';
}

function holds(one: ObservedInstance, side: Side | undefined): boolean {
  return side?.slots.some(({ keeper, standIns }) => keeper === one || standIns.includes(one)) ?? false;
}

/** A web instance goes only after every router has acknowledged a table without it. */
function retire(one: ObservedInstance, routed: boolean, { nowMs, timing }: Look): readonly Action[] {
  const instanceId = one.instance.id;
  if (!isRunning(one)) {
    const lingers = one.exitedAtMs !== undefined && nowMs < one.exitedAtMs + timing.lingerMs;
    return lingers ? [] : [{ type: 'remove', instanceId }];
  }
  const takesRequests = isWeb(one) && one.health !== 'booting' && !one.drained;
  if (!takesRequests) return [{ type: 'stop', instanceId }];
  return routed && nowMs >= timing.readyAtMs + timing.reconnectMs ? [{ type: 'drain', instanceId }] : [];
}

function tearDown(look: Look): readonly Action[] {
  const { published, instances } = look.observed;
  const isOut = published !== undefined && published.route === undefined;
  const routed = isOut && published.acknowledged;
  return [...(isOut ? [] : [{ type: 'unpublish' } as const]), ...instances.flatMap((one) => retire(one, routed, look))];
}

function withWake(actions: readonly Action[], { observed, nowMs, timing }: Look): Plan {
  const times = [
    timing.readyAtMs + timing.reconnectMs,
    ...[...observed.crashes.values()].map(({ restartAtMs }) => restartAtMs),
    ...observed.instances.flatMap((one) => {
      if (one.exitedAtMs !== undefined) return [one.exitedAtMs + timing.lingerMs];
      return isLive(one) && one.health === 'booting' ? [one.startedAtMs + timing.bootTimeoutMs] : [];
    }),
  ].filter((atMs) => atMs > nowMs && Number.isFinite(atMs));
  return { actions, wakeAtMs: times.length === 0 ? undefined : Math.min(...times) };
}
