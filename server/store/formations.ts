import { ShipwayError } from '../domain/error.ts';
import type { FormationEntry } from '../domain/process-type.ts';
import type { Formations } from '../domain/stores.ts';
import { lockApp } from './apps.ts';
import type { Database } from './database.ts';

export function createFormations({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: () => Date;
}): Formations {
  const ofApp = (appId: string): Promise<readonly FormationEntry[]> =>
    database.read((db) =>
      db
        .selectFrom('formations')
        .select(['id', 'type', 'quantity', 'size'])
        .where('app_id', '=', appId)
        .orderBy('type')
        .execute(),
    );
  return {
    ofApp,
    async update(appId, changes) {
      await database.transaction(async (db) => {
        await lockApp(db, appId);
        for (const { type, ...change } of changes) {
          if (change.quantity === undefined && change.size === undefined) continue;
          const result = await db
            .updateTable('formations')
            .set(change)
            .where('app_id', '=', appId)
            .where('type', '=', type)
            .executeTakeFirst();
          if (result.numUpdatedRows === 0n) throw noSuchType(type);
        }
        await db.updateTable('apps').set({ updated_at: clock() }).where('id', '=', appId).execute();
      });
      return ofApp(appId);
    },
  };
}

function noSuchType(type: string): ShipwayError {
  const message = `Couldn't find that process type (${type}). It must be in the Procfile of the running release.`;
  return new ShipwayError('not_found', message, { resource: 'formation' });
}
