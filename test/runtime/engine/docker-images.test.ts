import { randomBytes } from 'node:crypto';
import tar from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDockerClient } from '../../../runtime/engine/docker-client.ts';
import { listContainers } from '../../../runtime/engine/docker-containers.ts';
import { exportImage } from '../../../runtime/engine/docker-export.ts';
import { hasImage, parseReference, pruneImages, pullImage } from '../../../runtime/engine/docker-images.ts';
import { eventually } from '../../contract/engine-harness.ts';
import { busyboxTar } from './test-image.ts';
import { credentials, startTinyRegistry } from './tiny-registry.ts';

const client = createDockerClient(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock');

describe('parseReference', () => {
  it('tells tags, digests and ports apart', () => {
    expect(parseReference('debian')).toEqual({ repository: 'debian', version: 'latest' });
    expect(parseReference('host:5000/team/app')).toEqual({ repository: 'host:5000/team/app', version: 'latest' });
    expect(parseReference('host:5000/app:v1')).toEqual({ repository: 'host:5000/app', version: 'v1' });
    expect(parseReference('host:5000/app@sha256:ab')).toEqual({ repository: 'host:5000/app', version: 'sha256:ab' });
  });
});

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

  it('exports the files of an image, which it pulls for that, and leaves no container', async () => {
    const registry = { host: served.host, ...credentials };
    const reference = `${served.host}/some-app@${served.digest}`;
    const platformId = `t${randomBytes(4).toString('hex')}`;
    const log = (text: string) => process.stderr.write(text);
    const files = await exportImage(client, { platformId, registry, reference, log });
    const names: string[] = [];
    for await (const entry of files.pipe(tar.extract())) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toContain('bin/busybox');
    await eventually(
      () => listContainers(client, platformId),
      (containers) => containers.length === 0,
    );
    await pruneImages(client, registry, []);
  });

  it('fails with what the engine saw, and gives other registries no credentials', async () => {
    const image = `${served.host}/some-app@${served.digest}`;
    await expect(pullImage(client, { host: '127.0.0.1:1', ...credentials }, image)).rejects.toThrow(`Cannot pull`);
    const missing = `${served.host}/some-app@sha256:${'0'.repeat(64)}`;
    await expect(pullImage(client, { host: served.host, ...credentials }, missing)).rejects.toThrow('Cannot pull');
  });
});
