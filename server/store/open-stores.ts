import type { Stores } from '../domain/stores.ts';
import { createApps } from './apps.ts';
import { createAudit } from './audit.ts';
import { createBuildChanges } from './build-changes.ts';
import { createBuilds } from './builds.ts';
import { createConfigCipher } from './config-cipher.ts';
import { openDatabase, whileAway } from './database.ts';
import { createFormations } from './formations.ts';
import { migrate } from './migrate.ts';
import { createReleases } from './releases.ts';
import { createUsers } from './users.ts';

export interface OpenStores {
  readonly stores: Stores;
  close(): Promise<void>;
}

/** PostgreSQL may be starting beside this program. */
const waitForDatabaseMs = 30_000;

/**
 * Everything that lasts, in PostgreSQL (15 or later). Brings the schema up to date first. `secretKey` is 32 bytes in hex; it
 * seals config vars. @throws ShipwayError `unavailable` when the database does not come up.
 */
export async function openStores(options: {
  readonly databaseUrl: string;
  readonly secretKey: string;
  readonly clock: () => Date;
  readonly log: (text: string) => void;
  /** Besides the one that listens. Default 5. */
  readonly maxConnections?: number;
}): Promise<OpenStores> {
  const { databaseUrl, secretKey, clock, log, maxConnections = 5 } = options;
  await whileAway(() => migrate(databaseUrl), { forMs: waitForDatabaseMs, mayRepeat: () => true });
  const database = openDatabase({ databaseUrl, maxConnections, log });
  const changes = createBuildChanges({ databaseUrl, log });
  const deps = { database, changes, clock, cipher: createConfigCipher(secretKey) };
  return {
    stores: {
      users: createUsers(deps),
      apps: createApps(deps),
      builds: createBuilds(deps),
      releases: createReleases(deps),
      formations: createFormations(deps),
      audit: createAudit(deps),
    },
    async close() {
      await changes.close();
      await database.close();
    },
  };
}
