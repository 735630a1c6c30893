import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBlobStore } from '../buildpacks/image/blob-store.ts';
import { createDockerEngine } from '../runtime/engine/docker-engine.ts';
import { createBaseLayers } from './base-layer.ts';
import { readConfig } from './config.ts';
import type { Stores } from './domain/stores.ts';
import { engineOptions } from './engine-options.ts';
import { openStores } from './store/open-stores.ts';

/**
 * Everything that must be there before the programs start: database schema, first user, base image. Running it again changes nothing.
 * Its last line of output is the progress that `up` shows.
 */
const config = readConfig();
const log = (text: string) => process.stdout.write(`${text}\n`);

async function makeFirstUser(stores: Stores): Promise<void> {
  if (await stores.users.first()) return;
  const email = `admin@${config.SHIPWAY_DOMAIN}`;
  const password = randomBytes(12).toString('base64url');
  const user = await stores.users.create({ email, password });
  const { secret } = await stores.users.createToken({
    userId: user.id,
    description: 'First user',
    expiresInS: undefined,
  });
  const folder = join(config.SHIPWAY_DATA, 'secrets');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'first-user'), `${email}\n${password}\n`, { mode: 0o600 });
  await writeFile(join(folder, 'first-user-token'), `${secret}\n`, { mode: 0o600 });
}

const { stores, close } = await openStores({
  databaseUrl: config.DATABASE_URL,
  secretKey: config.SHIPWAY_SECRET_KEY,
  clock: () => new Date(),
  log,
});
await makeFirstUser(stores);
await close();

const engine = createDockerEngine(engineOptions(config, log));
const blobs = createBlobStore({ root: join(config.SHIPWAY_DATA, 'store') });
const baseLayer = createBaseLayers({ config, blobs, engine, log });
await baseLayer('run');
engine.close();
