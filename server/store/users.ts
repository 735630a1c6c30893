import { sql } from 'kysely';
import { ShipwayError } from '../domain/error.ts';
import type { Users } from '../domain/stores.ts';
import type { User } from '../domain/user.ts';
import type { Database } from './database.ts';
import { isDuplicate } from './database-error.ts';
import { checkPassword, hashPassword } from './password.ts';
import { isUuid, storableText } from './storable.ts';
import type { UserRow } from './tables.ts';
import { createTokens } from './tokens.ts';

const readUser = (row: UserRow): User => ({ id: row.id, email: row.email, createdAt: row.created_at });

export function createUsers(deps: { readonly database: Database; readonly clock: () => Date }): Users {
  const { database, clock } = deps;
  const rowByEmail = (email: string) =>
    database.read((db) =>
      db
        .selectFrom('users')
        .selectAll()
        .where(sql`lower(email)`, '=', storableText(email).toLowerCase())
        .executeTakeFirst(),
    );
  return {
    async byId(id) {
      if (!isUuid(id)) return undefined;
      const row = await database.read((db) =>
        db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst(),
      );
      return row && readUser(row);
    },
    async byEmail(email) {
      const row = await rowByEmail(email);
      return row && readUser(row);
    },
    async byPassword(email, password) {
      const row = await rowByEmail(email);
      const matches = await checkPassword(password, row?.password_hash);
      return row && matches ? readUser(row) : undefined;
    },
    async first() {
      const query = database.read((db) =>
        db.selectFrom('users').selectAll().orderBy('created_at').orderBy('id').limit(1).executeTakeFirst(),
      );
      const row = await query;
      return row && readUser(row);
    },
    async create({ email, password }) {
      const values = { email, password_hash: await hashPassword(password), created_at: clock() };
      try {
        return readUser(
          await database.write((db) => db.insertInto('users').values(values).returningAll().executeTakeFirstOrThrow()),
        );
      } catch (thrown) {
        if (!isDuplicate(thrown, 'users_email')) throw thrown;
        throw new ShipwayError('invalid_params', `Email ${email} is already taken.`);
      }
    },
    ...createTokens(deps),
  };
}
