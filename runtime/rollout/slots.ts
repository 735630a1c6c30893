import type { DesiredApp, DesiredRelease } from '../../server/domain/desired.ts';
import { type InstanceSpec, instanceName, instancePort } from '../../server/domain/instance.ts';
import type { InstanceLimits } from '../../server/domain/process-type.ts';
import { isHealthy, isLive, type ObservedInstance } from './observed.ts';

/** One place of the formation (`web.1`) in one release, and who fills it. */
export interface Slot {
  readonly spec: InstanceSpec;
  /** The instance that is to stay; undefined: one has to be started. */
  readonly keeper: ObservedInstance | undefined;
  /** Others of the same slot that serve until the keeper is healthy. */
  readonly standIns: readonly ObservedInstance[];
}

function specOf(
  desired: DesiredApp,
  release: DesiredRelease,
  place: {
    readonly type: string;
    readonly slot: number;
    readonly command: string;
    readonly limits: InstanceLimits;
  },
): InstanceSpec {
  const name = instanceName({ processType: place.type, slot: place.slot });
  return {
    appId: desired.appId,
    appName: desired.appName,
    processType: place.type,
    slot: place.slot,
    releaseVersion: release.version,
    image: release.image,
    command: place.command,
    env: { ...release.env, PORT: String(instancePort), DYNO: name },
    limits: place.limits,
  };
}

function sameLimits(a: InstanceLimits, b: InstanceLimits): boolean {
  return a.memoryBytes === b.memoryBytes && a.cpus === b.cpus && a.pids === b.pids;
}

/** Healthy before booting, then the newest: after a lost event or a killed server two may hold the same slot. */
function betterKeeper(a: ObservedInstance, b: ObservedInstance): number {
  return (
    Number(isHealthy(b)) - Number(isHealthy(a)) ||
    b.startedAtMs - a.startedAtMs ||
    (a.instance.id < b.instance.id ? -1 : 1)
  );
}

function fillSlot(spec: InstanceSpec, instances: readonly ObservedInstance[]): Slot {
  const holders = instances.filter(
    (observed) =>
      isLive(observed) &&
      observed.instance.releaseVersion === spec.releaseVersion &&
      observed.instance.processType === spec.processType &&
      observed.instance.slot === spec.slot,
  );
  const fits = (observed: ObservedInstance) =>
    !observed.replace && (observed.limits === undefined || sameLimits(observed.limits, spec.limits));
  const keeper = holders.filter(fits).toSorted(betterKeeper)[0];
  const standIns = holders.filter((observed) => observed !== keeper && isHealthy(observed));
  return { spec, keeper, standIns: keeper !== undefined && isHealthy(keeper) ? [] : standIns };
}

/** Every slot that the formation gives a release. Formation entries of process types that the release lacks are skipped. */
export function slotsOf(
  desired: DesiredApp,
  release: DesiredRelease,
  instances: readonly ObservedInstance[],
): readonly Slot[] {
  return desired.formation.flatMap(({ type, quantity, limits }) => {
    const command = release.processTypes.find((processType) => processType.type === type)?.command;
    if (command === undefined) return [];
    return Array.from({ length: quantity }, (_, index) =>
      fillSlot(specOf(desired, release, { type, slot: index + 1, command, limits }), instances),
    );
  });
}

export function isWebSlot(slot: Slot): boolean {
  return slot.spec.processType === 'web';
}
