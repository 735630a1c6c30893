import { sql, type Transaction } from 'kysely';
import type { App } from '../domain/app.ts';
import { ShipwayError } from '../domain/error.ts';
import type { Apps } from '../domain/stores.ts';
import type { Database } from './database.ts';
import { isDuplicate } from './database-error.ts';
import { isUuid, storableText } from './storable.ts';
import type { AppRow, Tables } from './tables.ts';

function readApp(row: AppRow & { readonly email: string }): App {
  return {
    id: row.id,
    name: row.name,
    ownerId: row.owner_id,
    ownerEmail: row.email,
    maintenance: row.maintenance,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export const appGone = () => new ShipwayError('not_found', "Couldn't find that app.", { resource: 'app' });

/**
 * Whoever numbers releases or decides which build runs takes this lock first. It leaves the rows that refer to the app alone
 * (NO KEY). @throws ShipwayError not_found
 */
export async function lockApp(db: Transaction<Tables>, appId: string): Promise<void> {
  const row = await db.selectFrom('apps').select('id').where('id', '=', appId).forNoKeyUpdate().executeTakeFirst();
  if (!row) throw appGone();
}

export function createApps({ database, clock }: { readonly database: Database; readonly clock: () => Date }): Apps {
  const select = (where: { readonly column: 'id' | 'name' | 'owner_id'; readonly value: string } | undefined) =>
    database.read(async (db) => {
      const all = db
        .selectFrom('apps')
        .innerJoin('users', 'users.id', 'apps.owner_id')
        .selectAll('apps')
        .select('users.email')
        .orderBy('apps.name');
      const rows = await (where ? all.where(`apps.${where.column}`, '=', where.value) : all).execute();
      return rows.map(readApp);
    });
  const byId = async (id: string): Promise<App> => {
    const [app] = await select({ column: 'id', value: id });
    if (!app) throw appGone();
    return app;
  };
  return {
    async find(identity) {
      const column = isUuid(identity) ? 'id' : 'name';
      const [app] = await select({ column, value: storableText(identity) });
      return app;
    },
    ofOwner: (userId) => select({ column: 'owner_id', value: userId }),
    all: () => select(undefined),
    async create({ name, ownerId }) {
      const values = { name, owner_id: ownerId, created_at: clock(), updated_at: clock() };
      const { id } = await refuseTakenName(() =>
        database.write((db) => db.insertInto('apps').values(values).returning('id').executeTakeFirstOrThrow()),
      );
      return byId(id);
    },
    async update(appId, change) {
      await refuseTakenName(() =>
        database.write((db) =>
          db
            .updateTable('apps')
            .set({ ...change, updated_at: clock() })
            .where('id', '=', appId)
            .execute(),
        ),
      );
      return byId(appId);
    },
    async remove(appId) {
      await database.transaction(async (db) => {
        // An app with many builds takes longer to forget than other statements may.
        await sql`set local statement_timeout = 0`.execute(db);
        await db.deleteFrom('apps').where('id', '=', appId).execute();
      });
    },
  };
}

async function refuseTakenName<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (thrown) {
    if (!isDuplicate(thrown, 'apps_name')) throw thrown;
    throw new ShipwayError('invalid_params', 'Name is already taken.');
  }
}
