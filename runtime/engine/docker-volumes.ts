import { z } from 'zod';
import type { DockerClient } from './docker-client.ts';
import { isGone } from './docker-errors.ts';
import { labelFilter, platformLabel } from './labels.ts';

const volumeList = z.object({ Volumes: z.array(z.object({ Name: z.string() })).nullish() });

/** Removes the platform's volumes that carry `labels`. */
export async function removeVolumes(
  client: DockerClient,
  platformId: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const query = { filters: labelFilter({ ...labels, [platformLabel]: platformId }) };
  const { Volumes } = await client.json(volumeList, { action: 'list volumes', method: 'GET', path: '/volumes', query });
  for (const { Name } of Volumes ?? []) {
    const path = `/volumes/${Name}`;
    await client.call({ action: `remove volume ${Name}`, method: 'DELETE', path }).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }
}
