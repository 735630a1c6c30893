import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import { createBuildpacks, versionPackages } from '../../../buildpacks/buildpacks.ts';
import { ensureBaseLayer } from '../../../buildpacks/image/base-layer.ts';
import { createBlobStore } from '../../../buildpacks/image/blob-store.ts';
import { createLayerCache } from '../../../buildpacks/image/layer-cache.ts';
import { createManifestStore } from '../../../buildpacks/image/manifest-store.ts';
import { createRegistry } from '../../../buildpacks/image/registry.ts';
import { runCommand } from '../../../buildpacks/image/run-command.ts';
import { createAppBuilder } from '../../../buildpacks/lifecycle/build-app.ts';
import type { AppBuilderOptions } from '../../../buildpacks/lifecycle/build-context.ts';
import { createNpmRunner } from '../../../buildpacks/npm-runner.ts';
import { createVersionCatalog } from '../../../buildpacks/version-catalog.ts';
import { createDockerEngine } from '../../../runtime/engine/docker-engine.ts';
import { createHostRules } from '../../../runtime/engine/host-rules.ts';
import type { BuildResult } from '../../../server/domain/build.ts';
import { exportTree, readSourceTree } from '../../../server/git/source-tree.ts';
import { run } from '../../runtime/engine/run-command.ts';
import { makeSeed } from '../../support/seed-store.ts';
import { commitFolder } from '../sample-tree.ts';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';

export interface RealBuild {
  readonly result: BuildResult;
  readonly lines: readonly string[];
  readonly commit: string;
  readonly durationMs: number;
}

/**
 * The lifecycle on the real engine, npm and git, with a registry on loopback. Bases and toolchains take a minute to make: their store stays
 * between runs. Layers that commands made never hit there, since every app is a new one.
 */
export async function startRealBuilder() {
  const root = await makeSeed();
  const platformId = `t${randomBytes(4).toString('hex')}`;
  const folder = mkdtempSync(path.join(tmpdir(), 'shipway-build-'));
  const log = (text: string) => process.stderr.write(`${text}\n`);
  const blobs = createBlobStore({ root });
  const manifests = createManifestStore({ root });
  const registry = createServer(
    express().use('/v2', createRegistry({ blobs, manifests, root, authorize: async () => 'ok', log })),
  );
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const registryHost = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
  const engine = createDockerEngine({
    host: process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock',
    platformId,
    registry: { host: registryHost, username: 'none', password: 'none' },
    hostRules: createHostRules({ platformId, run, log }),
    log,
  });
  await engine.prepare();
  const bases = { blobs, root, run: runCommand, log };
  const npm = createNpmRunner({ command: 'npm', env: definedEnv(), timeoutMs: 300_000 });
  const standard: AppBuilderOptions = {
    buildpacks: createBuildpacks({ arch }),
    versions: createVersionCatalog({ npm, root: folder, packages: versionPackages({ arch }), clock: Date.now }),
    engine,
    blobs,
    layers: createLayerCache({ root, blobs }),
    manifests,
    base: () => ensureBaseLayer({ ...bases, variant: 'run' }),
    buildBase: () => ensureBaseLayer({ ...bases, variant: 'build' }),
    registryHost,
    readTree: readSourceTree,
    exportTree,
    npm,
    limits: { memoryBytes: 1024 * 2 ** 20, cpus: 2, pids: 512 },
    timeoutMs: 300_000,
    caFile: process.env.NODE_EXTRA_CA_CERTS,
    buildEnv: {},
    clock: () => performance.timeOrigin + performance.now(),
    tempRoot: folder,
  };

  /** A new app; what is answered pushes a folder to it. */
  function app(name: string, change: Partial<AppBuilderOptions> = {}) {
    const build = createAppBuilder({ ...standard, ...change });
    const appId = randomUUID();
    const repository = path.join(folder, appId);
    mkdirSync(repository);
    return async (
      source: string,
      options: {
        readonly configVars?: Record<string, string>;
        readonly signal?: AbortSignal;
        readonly onLine?: (line: string) => void;
      } = {},
    ): Promise<RealBuild> => {
      const { commit, tree } = commitFolder(source, repository);
      const lines: string[] = [];
      const start = performance.now();
      const result = await build(
        {
          buildId: randomUUID(),
          appId,
          appName: name,
          repositoryPath: repository,
          commit,
          tree,
          configVars: options.configVars ?? {},
        },
        {
          line: (text) => {
            lines.push(text);
            options.onLine?.(text);
          },
          signal: options.signal ?? new AbortController().signal,
        },
      );
      return { result, lines, commit, durationMs: performance.now() - start };
    };
  }

  async function close(): Promise<void> {
    await engine.shutDown();
    await engine.pruneImages([]);
    engine.close();
    registry.closeAllConnections();
    registry.close();
    rmSync(folder, { recursive: true, force: true });
  }

  /** Pulled, as a rollout does it. */
  async function imageOf({ result, lines }: RealBuild): Promise<string> {
    if (result.status === 'failed') throw new Error(`${result.reason}\n${lines.join('\n')}`);
    const image = `${registryHost}/${result.image.repository}@${result.image.digest}`;
    await engine.pull(image);
    return image;
  }

  return { app, imageOf, close, platformId };
}

/** Starts the image as an instance is started, asks it over HTTP from within the engine's network, and removes it. */
export async function askImage(
  image: string,
  requestPath = '/',
): Promise<{ status: number; headers: Headers; body: string }> {
  const limits = ['--user', '1000:1000', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--init'];
  const id = docker('run', '--detach', ...limits, '-e', 'PORT=5000', image);
  try {
    const address = docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', id);
    return await untilAnswered(`http://${address}:5000${requestPath}`, id);
  } finally {
    docker('rm', '--force', id);
  }
}

async function untilAnswered(url: string, id: string) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      const response = await fetch(url);
      return { status: response.status, headers: response.headers, body: await response.text() };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`Nothing answered at ${url}: ${docker('logs', id)}`);
}

export function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
