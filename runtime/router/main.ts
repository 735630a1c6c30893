import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readRouterConfig } from '../../server/router-config.ts';
import { createControlClient } from './control.ts';
import { createRouter } from './router.ts';
import { createSnapshotWriter, readSnapshot } from './snapshot.ts';

const stopGraceMs = 25_000;
const idleGraceMs = 2000;

const config = readRouterConfig();
const note = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`);
const server = { host: config.SHIPWAY_SERVER_HOST, port: config.SHIPWAY_SERVER_PORT };
const snapshotPath = join(config.SHIPWAY_DATA, 'router', 'snapshot.json');

const router = createRouter({
  publicPort: config.SHIPWAY_PORT,
  platformHosts: ['localhost', '127.0.0.1', '[::1]', config.SHIPWAY_DOMAIN],
  platformTarget: server,
  logAccess: (appId, at, text) => control.log(appId, at, text),
  onDrained: (instanceId) => control.drained(instanceId),
});
const snapshot = createSnapshotWriter({
  path: snapshotPath,
  table: router.table,
  onError: (error) => note(`Cannot write ${snapshotPath}: ${error}. Routes are served from memory.`),
});

const saved = await readSnapshot(snapshotPath);
if (saved !== undefined) router.apply({ type: 'table', table: saved });
const control = createControlClient({
  server,
  token: config.SHIPWAY_ROUTER_TOKEN,
  routerId: randomUUID(),
  version: router.version,
  draining: router.draining,
  apply: (command) => {
    router.apply(command);
    snapshot.changed();
  },
  note,
});
const address = await router.listen({ host: config.SHIPWAY_LISTEN, port: config.SHIPWAY_PORT, reusePort: true });
note(`listening on ${address.address}:${address.port}, ${saved?.routes.length ?? 0} apps from the snapshot`);

async function stop(signal: string): Promise<void> {
  note(`${signal}: finishing requests in flight`);
  await router.stop({ graceMs: stopGraceMs, idleGraceMs });
  control.close();
  await snapshot.settled();
  note('stopped');
  // The control channel may hang on a server that does not read.
  setTimeout(() => process.exit(0), 1000).unref();
}
process.once('SIGTERM', (signal) => void stop(signal));
process.once('SIGINT', (signal) => void stop(signal));
