import type { InstanceView } from '../../server/domain/control.ts';
import type { DesiredApp } from '../../server/domain/desired.ts';
import type { Instance } from '../../server/domain/instance.ts';
import { defaultSize } from '../../server/domain/process-type.ts';
import { crashKey, isRunning, isWeb, type ObservedApp, type ObservedInstance } from './observed.ts';

function stateOf(one: ObservedInstance): InstanceView['state'] {
  if (one.retiring) return isRunning(one) ? 'stopping' : 'down';
  if (!isRunning(one)) return 'crashed';
  return isWeb(one) && one.health !== 'healthy' ? 'starting' : 'up';
}

function sinceOf(one: ObservedInstance): Date {
  return new Date(one.exitedAtMs ?? one.healthyAtMs ?? one.startedAtMs);
}

/** Pure: the instances of an app as users see them: all that runs, and the slots that have crashed and wait. */
export function viewsOf(
  desired: DesiredApp | undefined,
  observed: ObservedApp,
  crashed: ReadonlyMap<string, Instance>,
): readonly InstanceView[] {
  const releases = [desired?.candidate, desired?.current].filter((release) => release !== undefined);
  const describe = (instance: Instance) => ({
    command:
      releases
        .find(({ version }) => version === instance.releaseVersion)
        ?.processTypes.find(({ type }) => type === instance.processType)?.command ?? '',
    size: desired?.formation.find(({ type }) => type === instance.processType)?.size ?? defaultSize,
  });
  const running = observed.instances.filter(isRunning);
  const taken = new Set(running.map(({ instance }) => crashKey(instance)));
  const wanted = (instance: Instance) =>
    instance.slot <= (desired?.formation.find(({ type }) => type === instance.processType)?.quantity ?? 0);
  const waiting = [...crashed].filter(([key, instance]) => !taken.has(key) && wanted(instance));
  return [
    ...running.map((one) => ({
      instance: one.instance,
      state: stateOf(one),
      since: sinceOf(one),
      ...describe(one.instance),
    })),
    ...waiting.map(([, instance]) => ({
      instance,
      state: 'crashed' as const,
      since: instance.exit?.at ?? new Date(0),
      ...describe(instance),
    })),
  ].toSorted(byName);
}

function byName({ instance: a }: InstanceView, { instance: b }: InstanceView): number {
  return a.processType.localeCompare(b.processType) || a.slot - b.slot || b.releaseVersion - a.releaseVersion;
}
