import { readPlatform, readSecrets } from '../../server/platform/platform-file.ts';
import { postgresUrl } from '../../server/platform/postgres.ts';
import { openStores } from '../../server/store/open-stores.ts';
import type { TestPlatform } from '../support/platform.ts';

/** A user besides the first one, straight in the database: no API makes users yet. Answers the token. */
export async function createSecondUser({ data }: TestPlatform): Promise<string> {
  const [platform, secrets] = await Promise.all([readPlatform(data), readSecrets(data)]);
  if (!platform) throw new Error(`no platform in ${data}`);
  const { stores, close } = await openStores({
    databaseUrl: postgresUrl(platform.postgresPort, secrets.postgresPassword),
    secretKey: secrets.secretKey,
    clock: () => new Date(),
    log: () => undefined,
  });
  const user = await stores.users.create({ email: 'grace@example.com', password: 'correct horse battery' });
  const { secret } = await stores.users.createToken({ userId: user.id, description: 'Tests', expiresInS: undefined });
  await close();
  return secret;
}
