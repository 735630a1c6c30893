import { timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import express from 'express';
import { createBlobStore } from '../buildpacks/image/blob-store.ts';
import { createLayerCache } from '../buildpacks/image/layer-cache.ts';
import { createManifestStore } from '../buildpacks/image/manifest-store.ts';
import { createRegistry } from '../buildpacks/image/registry.ts';
import packageJson from '../package.json' with { type: 'json' };
import { createDockerEngine } from '../runtime/engine/docker-engine.ts';
import { createLogCollector } from '../runtime/logs/collector.ts';
import { createFileLogs } from '../runtime/logs/file-logs.ts';
import { systemClock } from '../runtime/rollout/clock.ts';
import { createRollout } from '../runtime/rollout/rollout.ts';
import { createRouteHub } from '../runtime/router/route-hub.ts';
import { createAuthenticator } from './api/authenticate.ts';
import { createApi } from './api/create-api.ts';
import { pullBaseImage } from './base-image.ts';
import { collectLogs } from './collected-engine.ts';
import { readConfig } from './config.ts';
import { dashboardPages } from './dashboard-pages.ts';
import { engineOptions, registryHost } from './engine-options.ts';
import { createGitHandler } from './git/git-handler.ts';
import { isGitPath } from './git/git-route.ts';
import { cleanQuarantines } from './git/quarantine.ts';
import { createRepositories } from './git/repositories.ts';
import { startHousekeeping } from './housekeeping.ts';
import { AppControl } from './pipeline/app-control.ts';
import { createAppLocks } from './pipeline/app-locks.ts';
import { Deploys } from './pipeline/deploy.ts';
import { createDesired } from './pipeline/desired-app.ts';
import { createGitAppFinder } from './pipeline/find-git-app.ts';
import { createPushReceiver } from './pipeline/receive-push.ts';
import { ReleasePipeline } from './pipeline/releases.ts';
import { platformUrl, webUrl } from './pipeline/settings.ts';
import { collectStartGarbage } from './platform/start-garbage.ts';
import { createBuildQueue } from './queue/build-queue.ts';
import { openStores } from './store/open-stores.ts';

// Not imported: an ES import evaluates all that node:http exports, undici with HTTP/2 and TLS among it, 14 MB resident.
const { createServer } = process.getBuiltinModule('node:http');

/** The control plane: API, git, registry, dashboard; decides releases and reconciles. */
const config = readConfig();
const clock = () => new Date();
const log = (text: string) => process.stdout.write(`${new Date().toISOString()} ${text}\n`);
const settings = { domain: config.SHIPWAY_DOMAIN, port: config.SHIPWAY_PORT, registryHost: registryHost(config) };
const { stores, close } = await openStores({
  databaseUrl: config.DATABASE_URL,
  secretKey: config.SHIPWAY_SECRET_KEY,
  clock,
  log,
});

const engine = createDockerEngine(engineOptions(config, log));
const logs = createFileLogs({ root: join(config.SHIPWAY_DATA, 'logs', 'apps'), clock, log });
const collector = createLogCollector({ engine, logs, log });
const hub = createRouteHub({
  token: config.SHIPWAY_ROUTER_TOKEN,
  log,
  onLog: (lines) => {
    for (const { appId, at, text } of lines) {
      logs.append(appId, [{ at: new Date(at), source: 'heroku', instance: 'router', text }]);
    }
  },
});

const repositoryRoot = join(config.SHIPWAY_DATA, 'repositories');
await cleanQuarantines(repositoryRoot);
const repositories = createRepositories({ root: repositoryRoot });
const storeRoot = join(config.SHIPWAY_DATA, 'store');
const blobs = createBlobStore({ root: storeRoot });
const manifests = createManifestStore({ root: storeRoot });

const rollout = createRollout({
  engine: collectLogs(engine, collector),
  routes: hub,
  logs,
  desired: createDesired({ stores, settings }),
  appIds: async () => (await stores.apps.all()).map(({ id }) => id),
  settle: (appId, version, outcome) => releases.settle(appId, version, outcome),
  clock: systemClock,
  random: Math.random,
  bootTimeoutMs: config.SHIPWAY_BOOT_TIMEOUT_S * 1000,
  stopGraceMs: config.SHIPWAY_STOP_GRACE_S * 1000,
  log,
});
const releases = new ReleasePipeline({
  stores,
  locks: createAppLocks(),
  logs,
  wakeRollout: (appId) => rollout.wake(appId),
  clock,
});
const queue = createBuildQueue({ databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL, log });
const deploys = new Deploys({
  stores,
  queue,
  repositories,
  releases,
  webUrl: (appName) => webUrl(settings, appName),
  log,
});
const control = new AppControl({
  stores,
  repositories,
  releases,
  rollout,
  logs,
  settings,
  removeImages: async (appId) => {
    await engine.removeApp(appId);
    await manifests.remove(appId);
  },
  resumeBuild: (buildId) => deploys.resume(buildId),
  clock,
});

const authenticate = createAuthenticator(stores);
const git = createGitHandler({
  repositories,
  authenticate,
  findApp: createGitAppFinder({ apps: stores.apps, control }),
  receiver: createPushReceiver({ stores, repositories, deploys }),
  maxPackBytes: config.SHIPWAY_MAX_PACK_BYTES,
  log,
  clock,
});

function isEngine(username: string, password: string): boolean {
  const [given, wanted] = [Buffer.from(password), Buffer.from(config.SHIPWAY_ENGINE_TOKEN)];
  return username === 'engine' && given.length === wanted.length && timingSafeEqual(given, wanted);
}

const registry = createRegistry({
  blobs,
  manifests,
  root: storeRoot,
  log,
  // Pushed images are not deployed yet, so nobody but the engine has a use for it.
  authorize: async ({ action, username, password }) => {
    if (isEngine(username, password)) return action === 'pull' ? 'ok' : 'denied';
    return 'unauthenticated';
  },
});

const web = express();
web.disable('x-powered-by');
web.use('/v2', registry);
web.use((request, response, next) => (isGitPath(request.url) ? git(request, response) : next()));
web.use(...dashboardPages());
web.use(
  createApi({
    stores,
    control,
    logs,
    clock,
    log,
    secretKey: config.SHIPWAY_SECRET_KEY,
    baseUrl: platformUrl(settings),
    version: packageJson.version,
  }),
);
// A large push takes as long as it takes; the git room has its own limit for one that stalls.
const server = createServer({ requestTimeout: 0 }, web);
server.on('upgrade', (request, socket) => {
  if (request.url === '/router/control') hub.attach(request, socket);
  else socket.destroy();
});
server.listen(config.SHIPWAY_SERVER_PORT, config.SHIPWAY_SERVER_HOST);

await engine.prepare().catch((error: unknown) => log(`engine: ${String(error)}`));
await rollout.start();
void rollout.ready.then(() => hub.ready());
await deploys.start();
const housekeeping = startHousekeeping({
  blobs,
  manifests,
  layers: createLayerCache({ root: storeRoot, blobs }),
  stores,
  engine,
  clock,
  log,
});
collectStartGarbage();
log('server: up');
pullBaseImage({ engine, manifests, registryHost: settings.registryHost }).catch((error: unknown) => log(String(error)));

/** Apps and builds go on: the next server takes them up where the database says they are. */
async function stop(): Promise<void> {
  housekeeping.stop();
  server.close();
  server.closeAllConnections();
  await rollout.close();
  await Promise.all([queue.close(), collector.close(), logs.flush()]);
  engine.close();
  await close();
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
