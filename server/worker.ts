import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createBuildpacks, versionPackages } from '../buildpacks/buildpacks.ts';
import { createBlobStore } from '../buildpacks/image/blob-store.ts';
import { createLayerCache } from '../buildpacks/image/layer-cache.ts';
import { createManifestStore } from '../buildpacks/image/manifest-store.ts';
import { createAppBuilder } from '../buildpacks/lifecycle/build-app.ts';
import { createNpmRunner } from '../buildpacks/npm-runner.ts';
import { createVersionCatalog } from '../buildpacks/version-catalog.ts';
import { createDockerEngine } from '../runtime/engine/docker-engine.ts';
import { createBaseLayers } from './base-layer.ts';
import { readConfig, toolEnvironment } from './config.ts';
import { engineOptions, registryHost } from './engine-options.ts';
import { createRepositories } from './git/repositories.ts';
import { exportTree, readSourceTree } from './git/source-tree.ts';
import { createBuildRunner } from './pipeline/run-build.ts';
import { collectStartGarbage } from './platform/start-garbage.ts';
import { createBuildWorker } from './queue/build-queue.ts';
import { openStores } from './store/open-stores.ts';

/** Takes build jobs off the queue and runs buildpacks. Several may run; each is told apart by nothing but its process. */
const config = readConfig();
const log = (text: string) => process.stdout.write(`${new Date().toISOString()} ${text}\n`);
const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const root = join(config.SHIPWAY_DATA, 'store');
const tempRoot = join(config.SHIPWAY_DATA, 'run', 'toolchains');
await mkdir(tempRoot, { recursive: true });

const { stores, close } = await openStores({
  databaseUrl: config.DATABASE_URL,
  secretKey: config.SHIPWAY_SECRET_KEY,
  clock: () => new Date(),
  log,
  maxConnections: 2,
});
const engine = createDockerEngine(engineOptions(config, log));
const blobs = createBlobStore({ root });
const npm = createNpmRunner({ command: 'npm', env: toolEnvironment(), timeoutMs: 120_000 });
const baseLayer = createBaseLayers({ config, blobs, engine, log });

const buildApp = createAppBuilder({
  buildpacks: createBuildpacks({ arch }),
  versions: createVersionCatalog({ npm, root, packages: versionPackages({ arch }), clock: Date.now }),
  engine,
  blobs,
  layers: createLayerCache({ root, blobs }),
  manifests: createManifestStore({ root }),
  base: () => baseLayer('run'),
  buildBase: () => baseLayer('build'),
  registryHost: registryHost(config),
  readTree: readSourceTree,
  exportTree,
  npm,
  limits: { memoryBytes: config.SHIPWAY_BUILD_MEMORY_BYTES, cpus: config.SHIPWAY_BUILD_CPUS, pids: 2048 },
  timeoutMs: config.SHIPWAY_BUILD_TIMEOUT_S * 1000,
  caFile: config.SHIPWAY_BUILD_CA_FILE,
  buildEnv: config.SHIPWAY_BUILD_ENV,
  clock: Date.now,
  tempRoot,
});
const repositories = createRepositories({ root: join(config.SHIPWAY_DATA, 'repositories') });
const runner = createBuildRunner({
  stores,
  buildApp,
  repositoryPath: repositories.pathOf,
  log,
});
const worker = createBuildWorker({
  databaseUrl: config.DATABASE_URL,
  redisUrl: config.REDIS_URL,
  concurrency: config.SHIPWAY_BUILD_CONCURRENCY,
  run: runner.run,
  failed: runner.giveUp,
  log,
});
collectStartGarbage();
log('worker: up');

/** Builds in progress are given back: their job is found stalled and run again by the next worker. */
async function stop(): Promise<void> {
  runner.abort();
  await worker.close();
  engine.close();
  await close();
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
