import type { DesiredApp, DesiredRelease } from '../../server/domain/desired.ts';
import { instanceName, instancePort } from '../../server/domain/instance.ts';
import type { AppRoute, RouteState, Target } from '../../server/domain/route.ts';
import { crashKey, isHealthy, isWeb, type ObservedApp, type ObservedInstance } from './observed.ts';
import { isWebSlot, type Slot } from './slots.ts';

function targetOf({ instance }: ObservedInstance): readonly Target[] {
  if (instance.address === undefined) return [];
  return [
    {
      instanceId: instance.id,
      name: instanceName(instance),
      host: instance.address,
      port: instancePort,
      releaseVersion: instance.releaseVersion,
    },
  ];
}

/** Surplus instances of the release, and older ones that are routed already: they go on until somebody takes over. */
function stillServing(release: DesiredRelease, observed: ObservedApp): readonly ObservedInstance[] {
  const routed = new Set(observed.published?.route?.targets.map(({ instanceId }) => instanceId));
  return observed.instances.filter((one) => {
    const { id, releaseVersion } = one.instance;
    const serves = releaseVersion === release.version || (releaseVersion < release.version && routed.has(id));
    return isWeb(one) && isHealthy(one) && serves;
  });
}

/** Who should get requests: the keeper of each slot, else its stand-ins; while no slot has either, who served before. */
function serversOf(
  release: DesiredRelease,
  webSlots: readonly Slot[],
  observed: ObservedApp,
): readonly ObservedInstance[] {
  if (webSlots.length === 0) return [];
  const holders = webSlots.flatMap(({ keeper, standIns }) =>
    keeper !== undefined && isHealthy(keeper) ? [keeper] : standIns,
  );
  return holders.length > 0 ? holders : stillServing(release, observed);
}

function isInBackOff({ spec, keeper }: Slot, observed: ObservedApp, nowMs: number): boolean {
  const crash = observed.crashes.get(crashKey(spec));
  return keeper === undefined && crash !== undefined && crash.restartAtMs > nowMs;
}

/** Pure: the route that the router should have now. `serving` undefined: no release has gone live yet. */
export function routeOf(options: {
  readonly desired: DesiredApp;
  readonly serving: { readonly release: DesiredRelease; readonly slots: readonly Slot[] } | undefined;
  /** The candidate, unless it has failed. */
  readonly coming: DesiredRelease | undefined;
  readonly observed: ObservedApp;
  readonly nowMs: number;
}): AppRoute {
  const { desired, serving, observed, nowMs } = options;
  const { appId, appName, hosts } = desired;
  const route = (state: RouteState, targets: readonly Target[] = []) => ({ appId, appName, hosts, state, targets });
  if (desired.maintenance) return route('maintenance');
  if (serving === undefined) {
    if (options.coming === undefined) return route('blank');
    const targets = stillServing(options.coming, observed).flatMap(targetOf);
    return targets.length > 0 ? route('live', targets) : route('booting');
  }

  const webSlots = serving.slots.filter(isWebSlot);
  const targets = serversOf(serving.release, webSlots, observed).flatMap(targetOf);
  if (targets.length > 0) return route('live', targets);
  if (webSlots.length === 0) return route('stopped');
  return route(webSlots.every((slot) => isInBackOff(slot, observed, nowMs)) ? 'crashed' : 'booting');
}

export function sameRoute(a: AppRoute | undefined, b: AppRoute | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
