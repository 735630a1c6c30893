import { Kysely, PostgresDialect } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { Pool } from 'pg';
import { initial } from './migrations/0001-initial.ts';

/** In order; a migration that was released never changes. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
};

/**
 * Brings the schema up to date, in one transaction under Kysely's advisory lock: of programs that start at once, one migrates
 * and the others wait. On a connection of its own, without the time limit that queries have.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1, connectionTimeoutMillis: 5_000 });
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', () => undefined);
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => ({ ...migrations }) },
      migrationTableName: 'shipway_migrations',
      migrationLockTableName: 'shipway_migrations_lock',
    });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
  } finally {
    await db.destroy().catch(() => undefined);
  }
}
