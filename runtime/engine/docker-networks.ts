import { z } from 'zod';
import type { DockerClient } from './docker-client.ts';
import { isGone } from './docker-errors.ts';
import { labelFilter, networkNames, platformLabel } from './labels.ts';

const networkList = z.array(z.object({ Id: z.string(), Name: z.string() }));

/** Makes the platform's two networks where they lack: instances, and builds. No container reaches another on either. */
export async function prepareNetworks(client: DockerClient, platformId: string): Promise<void> {
  for (const network of Object.values(networkNames(platformId))) {
    if (await exists(client, platformId, network.name)) continue;
    try {
      await createNetwork(client, platformId, network);
    } catch (error) {
      // Server and worker prepare at the same time: one of them comes second.
      if (!(await exists(client, platformId, network.name))) throw error;
    }
  }
}

export async function removeNetworks(client: DockerClient, platformId: string): Promise<void> {
  for (const network of await listNetworks(client, platformId)) {
    const path = `/networks/${network.Id}`;
    await client.call({ action: `remove network ${network.Name}`, method: 'DELETE', path }).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }
}

function listNetworks(client: DockerClient, platformId: string) {
  const query = { filters: labelFilter({ [platformLabel]: platformId }) };
  return client.json(networkList, { action: 'list networks', method: 'GET', path: '/networks', query });
}

async function exists(client: DockerClient, platformId: string, name: string): Promise<boolean> {
  return (await listNetworks(client, platformId)).some((network) => network.Name === name);
}

function createNetwork(
  client: DockerClient,
  platformId: string,
  network: { readonly name: string; readonly bridge: string },
): Promise<void> {
  return client.call({
    action: `create network ${network.name}`,
    method: 'POST',
    path: '/networks/create',
    json: {
      Name: network.name,
      Driver: 'bridge',
      // Before Docker 25 names are unique only for those who ask.
      CheckDuplicate: true,
      EnableIPv6: false,
      Labels: { [platformLabel]: platformId },
      Options: {
        'com.docker.network.bridge.name': network.bridge,
        'com.docker.network.bridge.enable_icc': 'false',
      },
    },
  });
}
