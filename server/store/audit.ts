import type { Stores } from '../domain/stores.ts';
import type { Database } from './database.ts';
import { storableText } from './storable.ts';

/** Append-only: the database itself refuses to change or delete an entry. */
export function createAudit({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: () => Date;
}): Stores['audit'] {
  return {
    async append({ userId, appId, action, detail }) {
      const values = {
        at: clock(),
        user_id: userId ?? null,
        app_id: appId ?? null,
        action,
        detail: storableText(detail),
      };
      await database.write((db) => db.insertInto('audit_log').values(values).execute());
    },
  };
}
