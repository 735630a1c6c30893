import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Blob } from '../../../buildpacks/image/blob-store.ts';
import { tarFolder } from '../../../buildpacks/image/layer-tar.ts';
import { writeImage } from '../../../buildpacks/image/write-image.ts';
import { authorization, startRegistry, type TestRegistry } from './registry-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

/** The docker command with a configuration of its own, signed in to the registry by the file alone. */
async function signedInDocker(registry: TestRegistry) {
  const config = await temporaryFolder();
  const auths = { [registry.host]: { auth: authorization.replace('Basic ', '') } };
  await writeFile(join(config, 'config.json'), JSON.stringify({ auths }));
  return (...args: string[]) => run('docker', ['--config', config, ...args]);
}

/** One layer for each text: it is what `/app/<index>.txt` says. */
async function writeTestImage(registry: TestRegistry, ...texts: string[]) {
  const layers: Blob[] = [];
  for (const [index, text] of texts.entries()) {
    const folder = await temporaryFolder();
    await writeFile(join(folder, `${index}.txt`), text);
    layers.push(await registry.blobs.put(tarFolder(folder, { uid: 1000, gid: 1000, prefix: 'app' })));
  }
  return writeImage({
    blobs: registry.blobs,
    manifests: registry.manifests,
    repository: 'test/app',
    layers,
    config: {
      env: { B: '2', A: '1' },
      user: '1000:1000',
      workingDir: '/app',
      entrypoint: [],
      cmd: ['node', 'server.js'],
      labels: { 'shipway.test': 'registry' },
      exposedPorts: ['5000/tcp'],
    },
  });
}

function removeImageAfterwards(docker: (...args: string[]) => Promise<unknown>, image: string): void {
  onTestFinished(async () => {
    await docker('rmi', '--force', image).catch(() => undefined);
  });
}

describe('buildpacks/image registry with the Docker Engine', () => {
  it('pulls an OCI image of uncompressed layers by digest, with its configuration', async () => {
    const registry = await startRegistry();
    const docker = await signedInDocker(registry);
    const image = await writeTestImage(registry, 'hello');
    const reference = `${registry.host}/test/app@${image.digest}`;
    removeImageAfterwards(docker, reference);
    await docker('pull', reference);
    const { stdout } = await docker('image', 'inspect', reference);
    expect(JSON.parse(stdout)[0]).toMatchObject({
      RepoDigests: [reference],
      Config: { User: '1000:1000', WorkingDir: '/app', Env: ['A=1', 'B=2'], ExposedPorts: { '5000/tcp': {} } },
    });
    const container = (await docker('create', reference)).stdout.trim();
    onTestFinished(async () => {
      await docker('rm', '--force', container);
    });
    const copied = await run('docker', ['cp', `${container}:/app/0.txt`, '-'], { encoding: 'buffer' });
    expect(copied.stdout.includes('hello')).toBe(true);
  });

  it('lets nobody pull who is not signed in', async () => {
    const registry = await startRegistry();
    const image = await writeTestImage(registry, 'secret');
    const config = await temporaryFolder();
    const pull = run('docker', ['--config', config, 'pull', `${registry.host}/test/app@${image.digest}`]);
    await expect(pull).rejects.toThrow(/no basic auth credentials/);
  });

  it('signs in with docker login, and refuses a wrong password', async () => {
    const registry = await startRegistry();
    const config = await temporaryFolder();
    const login = (password: string) =>
      run('docker', ['--config', config, 'login', '--username', 'ada', '--password', password, registry.host]);
    await expect(login('wrong')).rejects.toThrow(/401 Unauthorized/);
    expect((await login('secret')).stdout).toContain('Login Succeeded');
  });

  it('takes a pushed image, and gives it back to a pull by the digest that it told', async () => {
    const registry = await startRegistry();
    const docker = await signedInDocker(registry);
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'content'), 'x'.repeat(3_000_000));
    await run('tar', ['-cf', join(folder, 'root.tar'), '-C', folder, 'content']);
    const tag = `${registry.host}/pushed/app:v1`;
    removeImageAfterwards(docker, tag);
    await docker('import', join(folder, 'root.tar'), tag);
    const { stdout } = await docker('push', tag);
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1];
    expect(await registry.manifests.tags('pushed/app')).toEqual(['v1']);
    await docker('rmi', tag);
    const reference = `${registry.host}/pushed/app@${digest}`;
    removeImageAfterwards(docker, reference);
    await docker('pull', reference);
    await docker('tag', reference, tag);
    expect((await docker('push', tag)).stdout).toMatch(/Layer already exists/);
    const mounted = `${registry.host}/pushed/other:v2`;
    await docker('tag', reference, mounted);
    removeImageAfterwards(docker, mounted);
    expect((await docker('push', mounted)).stdout).toMatch(/Mounted from pushed\/app/);
  });

  it('pulls the layers that are new, and no other', async () => {
    const registry = await startRegistry();
    const docker = await signedInDocker(registry);
    const shared = `shared by both ${registry.root}`;
    for (const [texts, line] of [
      [[shared], /Pull complete/],
      [[shared, 'new in the second'], /Already exists[\s\S]*Pull complete/],
    ] as const) {
      const image = await writeTestImage(registry, ...texts);
      const reference = `${registry.host}/test/app@${image.digest}`;
      removeImageAfterwards(docker, reference);
      expect((await docker('pull', reference)).stdout).toMatch(line);
    }
  });
});
