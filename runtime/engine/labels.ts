import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { InstanceSpec } from '../../server/domain/instance.ts';

export const platformLabel = 'shipway.platform';
export const kindLabel = 'shipway.kind';
export const appLabel = 'shipway.app';

/** A label of the caller's own, e.g. `build`. */
export function labelName(name: string): string {
  return `shipway.${name}`;
}

/** The engine's filter for objects that carry all these labels; every list that the driver asks for has the platform's in it. */
export function labelFilter(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
}

export function instanceLabels(platformId: string, spec: InstanceSpec): Record<string, string> {
  return {
    [platformLabel]: platformId,
    [kindLabel]: 'instance',
    [appLabel]: spec.appId,
    'shipway.app-name': spec.appName,
    'shipway.type': spec.processType,
    'shipway.slot': String(spec.slot),
    'shipway.release': String(spec.releaseVersion),
  };
}

/** The labels of an instance, read back. */
export const instanceLabelSchema = z
  .object({
    [appLabel]: z.string(),
    'shipway.app-name': z.string(),
    'shipway.type': z.string(),
    'shipway.slot': z.coerce.number().int(),
    'shipway.release': z.coerce.number().int(),
  })
  .transform((labels) => ({
    appId: labels[appLabel],
    appName: labels['shipway.app-name'],
    processType: labels['shipway.type'],
    slot: labels['shipway.slot'],
    releaseVersion: labels['shipway.release'],
  }));

/** Names of the platform's two networks and of their bridges on the host. */
export function networkNames(platformId: string) {
  // Names of network interfaces have 15 characters at most (IFNAMSIZ); long ids are told apart by their digest.
  const short =
    platformId.length <= 12 ? platformId : createHash('sha256').update(platformId).digest('hex').slice(0, 12);
  return {
    instances: { name: `shipway-${platformId}-instances`, bridge: `swi${short}` },
    builds: { name: `shipway-${platformId}-builds`, bridge: `swb${short}` },
  } as const;
}
