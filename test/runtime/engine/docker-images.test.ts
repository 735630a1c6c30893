import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDockerClient } from '../../../runtime/engine/docker-client.ts';
import { hasImage, pruneImages, pullImage } from '../../../runtime/engine/docker-images.ts';
import { busyboxTar } from './test-image.ts';
import { credentials, startTinyRegistry } from './tiny-registry.ts';

const client = createDockerClient(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock');

describe('images of the Docker Engine', () => {
  let served: Awaited<ReturnType<typeof startTinyRegistry>>;
  beforeAll(async () => {
    served = await startTinyRegistry(await busyboxTar());
  });
  afterAll(async () => {
    await pruneImages(client, { host: served.host, ...credentials }, []);
    served.close();
    client.close();
  });

  it('pulls by digest with our credentials, and prunes what is not kept', async () => {
    const registry = { host: served.host, ...credentials };
    const image = `${served.host}/some-app@${served.digest}`;
    expect(await hasImage(client, image)).toBe(false);
    await pullImage(client, registry, image);
    expect(await hasImage(client, image)).toBe(true);
    expect(served.requests).toContain(`GET /v2/some-app/manifests/${served.digest}`);

    await pruneImages(client, registry, [served.digest]);
    expect(await hasImage(client, image)).toBe(true);
    await pruneImages(client, { ...registry, host: '127.0.0.1:1' }, []);
    expect(await hasImage(client, image)).toBe(true);
    await pruneImages(client, registry, []);
    expect(await hasImage(client, image)).toBe(false);
  });

  it('fails with what the engine saw, and gives other registries no credentials', async () => {
    const image = `${served.host}/some-app@${served.digest}`;
    await expect(pullImage(client, { host: '127.0.0.1:1', ...credentials }, image)).rejects.toThrow(`Cannot pull`);
    const missing = `${served.host}/some-app@sha256:${'0'.repeat(64)}`;
    await expect(pullImage(client, { host: served.host, ...credentials }, missing)).rejects.toThrow('Cannot pull');
  });
});
