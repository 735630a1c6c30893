import type { Readable } from 'node:stream';
import type { DockerClient } from './docker-client.ts';
import { createContainer, removeContainer } from './docker-containers.ts';
import { hasImage, pullImage, type RegistryAccess } from './docker-images.ts';
import { kindLabel, platformLabel } from './labels.ts';

/** All files of an image as one flat tar; pulls it where the engine lacks it. A container that never starts holds them meanwhile. */
export async function exportImage(
  client: DockerClient,
  options: {
    readonly platformId: string;
    readonly registry: RegistryAccess;
    readonly reference: string;
    readonly log: (text: string) => void;
  },
): Promise<Readable> {
  const { platformId, registry, reference, log } = options;
  const action = `export ${reference}`;
  if (!(await hasImage(client, reference))) await pullImage(client, registry, reference);
  const labels = { [platformLabel]: platformId, [kindLabel]: 'job' };
  const id = await createContainer(client, {
    action,
    body: { Image: reference, Cmd: ['none'], NetworkDisabled: true, Labels: labels },
  });
  const remove = () => void removeContainer(client, id).catch((error: Error) => log(error.message));
  try {
    const files = await client.stream({ action, method: 'GET', path: `/containers/${id}/export` });
    return files.once('close', remove);
  } catch (error) {
    remove();
    throw error;
  }
}
