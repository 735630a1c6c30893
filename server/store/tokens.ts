import { createHash, randomBytes } from 'node:crypto';
import { ShipwayError } from '../domain/error.ts';
import type { Users } from '../domain/stores.ts';
import type { AccessToken } from '../domain/user.ts';
import type { Database } from './database.ts';
import { isUuid, storableText } from './storable.ts';
import type { TokenRow } from './tables.ts';

interface TokensDeps {
  readonly database: Database;
  readonly clock: () => Date;
}

/** Longer ones are nobody's, and not worth a digest. */
const longestSecret = 512;

function readToken(row: TokenRow): AccessToken {
  return {
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    description: row.description,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
  };
}

/** A secret has 256 random bits, so a plain digest keeps it; and looking a digest up tells nothing about the secret by its time. */
const digestOf = (secret: string) => createHash('sha256').update(secret).digest();

type Tokens = Pick<Users, 'byToken' | 'createToken' | 'tokens' | 'deleteToken'>;

export function createTokens(deps: TokensDeps): Tokens {
  const { database, clock } = deps;
  return {
    async byToken(secret) {
      if (secret.length > longestSecret) return undefined;
      const row = await database.read((db) =>
        db
          .selectFrom('tokens')
          .innerJoin('users', 'users.id', 'tokens.user_id')
          .selectAll('tokens')
          .select(['users.email', 'users.created_at as user_created_at'])
          .where('digest', '=', digestOf(secret))
          .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', clock())]))
          .executeTakeFirst(),
      );
      if (!row) return undefined;
      const user = { id: row.user_id, email: row.email, createdAt: row.user_created_at };
      return { user, token: readToken(row) };
    },
    createToken: (token) => createToken(token, deps),
    async tokens(userId) {
      const rows = await database.read((db) =>
        db
          .selectFrom('tokens')
          .selectAll()
          .where('user_id', '=', userId)
          .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', clock())]))
          .orderBy('created_at')
          .orderBy('id')
          .execute(),
      );
      return rows.map(readToken);
    },
    async deleteToken(userId, tokenId) {
      if (!isUuid(tokenId)) return undefined;
      const row = await database.write((db) =>
        db
          .deleteFrom('tokens')
          .where('user_id', '=', userId)
          .where('id', '=', tokenId)
          .returningAll()
          .executeTakeFirst(),
      );
      return row && readToken(row);
    },
  };
}

async function createToken(
  {
    userId,
    description,
    expiresInS,
    secret = newSecret(),
    kind = 'authorization',
  }: Parameters<Users['createToken']>[0],
  { database, clock }: TokensDeps,
): ReturnType<Users['createToken']> {
  const now = clock();
  const values = {
    user_id: userId,
    kind,
    description: storableText(description),
    digest: digestOf(secret),
    created_at: now,
    expires_at: expiresInS === undefined ? null : new Date(now.getTime() + expiresInS * 1000),
  };
  const row = await database.transaction(async (db) => {
    await db.deleteFrom('tokens').where('user_id', '=', userId).where('expires_at', '<=', now).execute();
    // The platform gives its own token at each start: one row for one secret.
    const { description, expires_at } = values;
    return db
      .insertInto('tokens')
      .values(values)
      .onConflict((conflict) =>
        conflict.column('digest').doUpdateSet({ description, expires_at }).where('tokens.user_id', '=', userId),
      )
      .returningAll()
      .executeTakeFirst();
  });
  if (!row) throw new ShipwayError('conflict', 'Cannot make the token: another user has it.');
  return { token: readToken(row), secret };
}

function newSecret(): string {
  return `swp_${randomBytes(32).toString('base64url')}`;
}
