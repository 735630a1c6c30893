import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBlobStore } from '../buildpacks/image/blob-store.ts';
import { createManifestStore } from '../buildpacks/image/manifest-store.ts';
import { createDockerEngine } from '../runtime/engine/docker-engine.ts';
import { writeBaseImage } from './base-image.ts';
import { createBaseLayers } from './base-layer.ts';
import { readConfig } from './config.ts';
import type { Stores } from './domain/stores.ts';
import type { User } from './domain/user.ts';
import { engineOptions } from './engine-options.ts';
import { writeWhole } from './platform/platform-file.ts';
import { openStores } from './store/open-stores.ts';

/**
 * Everything that must be there before the programs start: database schema, first user, base image. Running it again changes nothing.
 * Its last line of output is the progress that `up` shows.
 */
const config = readConfig();
const secrets = join(config.SHIPWAY_DATA, 'secrets');
const log = (text: string) => process.stdout.write(`${text}\n`);

async function createFirstUser(stores: Stores): Promise<User> {
  const email = `admin@${config.SHIPWAY_DOMAIN}`;
  const password = randomBytes(12).toString('base64url');
  // The file first: a password that nobody knows could not be set again.
  await writeFile(join(secrets, 'first-user'), `${email}\n${password}\n`, { mode: 0o600 });
  return stores.users.create({ email, password });
}

async function ensureFirstUser(stores: Stores): Promise<void> {
  await mkdir(secrets, { recursive: true, mode: 0o700 });
  const user = (await stores.users.first()) ?? (await createFirstUser(stores));
  const tokenFile = join(secrets, 'first-user-token');
  if (
    await readFile(tokenFile).then(
      () => true,
      () => false,
    )
  )
    return;
  const { secret } = await stores.users.createToken({
    userId: user.id,
    description: 'First user',
    expiresInS: undefined,
  });
  await writeWhole(tokenFile, `${secret}\n`, 0o600);
}

const { stores, close } = await openStores({
  databaseUrl: config.DATABASE_URL,
  secretKey: config.SHIPWAY_SECRET_KEY,
  clock: () => new Date(),
  log,
});
await ensureFirstUser(stores);
await close();

const engine = createDockerEngine(engineOptions(config, log));
const root = join(config.SHIPWAY_DATA, 'store');
const blobs = createBlobStore({ root });
const baseLayer = createBaseLayers({ config, blobs, engine, log });
const layer = await baseLayer('run');
await writeBaseImage({ blobs, manifests: createManifestStore({ root }), layer });
engine.close();
