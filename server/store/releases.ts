import { type Kysely, sql, type Transaction } from 'kysely';
import { defaultQuantity, defaultSize } from '../domain/process-type.ts';
import type { Release, ReleaseImage } from '../domain/release.ts';
import type { Releases } from '../domain/stores.ts';
import { lockApp } from './apps.ts';
import type { ConfigCipher } from './config-cipher.ts';
import type { Database } from './database.ts';
import { isUuid, storableJson, storableText } from './storable.ts';
import type { ReleaseRow, Tables } from './tables.ts';

interface ReleasesDeps {
  readonly database: Database;
  readonly cipher: ConfigCipher;
  readonly clock: () => Date;
}

type Row = ReleaseRow & { readonly email: string };

/** The largest value of PostgreSQL's integer. */
const largestVersion = 2 ** 31 - 1;

function readRelease(row: Row, cipher: ConfigCipher): Release {
  return {
    id: row.id,
    appId: row.app_id,
    version: row.version,
    status: row.status,
    description: row.description,
    image: row.image ?? undefined,
    commit: row.commit_oid ?? undefined,
    configVars: cipher.open(row.config_vars, { appId: row.app_id, version: row.version }),
    userId: row.user_id,
    userEmail: row.email,
    failure: row.failure ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

const ofAppRows = (db: Kysely<Tables>, appId: string) =>
  db
    .selectFrom('releases')
    .innerJoin('users', 'users.id', 'releases.user_id')
    .selectAll('releases')
    .select('users.email')
    .where('app_id', '=', appId)
    .orderBy('version', 'desc');

export function createReleases(deps: ReleasesDeps): Releases {
  const { database, cipher, clock } = deps;
  const newest = async (appId: string, where: { readonly succeeded: boolean }) => {
    const row = await database.read((db) => {
      const rows = ofAppRows(db, appId).limit(1);
      return (where.succeeded ? rows.where('status', '=', 'succeeded') : rows).executeTakeFirst();
    });
    return row && readRelease(row, cipher);
  };
  return {
    async find(appId, identity) {
      const id = String(identity);
      const version = Number(/^v?(\d{1,10})$/.exec(id)?.[1] ?? Number.NaN);
      if (!isUuid(id) && !(version <= largestVersion)) return undefined;
      const row = await database.read((db) => {
        const rows = ofAppRows(db, appId);
        return (
          isUuid(id) ? rows.where('releases.id', '=', id) : rows.where('version', '=', version)
        ).executeTakeFirst();
      });
      return row && readRelease(row, cipher);
    },
    async ofApp(appId, { limit }) {
      const rows = await database.read((db) => ofAppRows(db, appId).limit(limit).execute());
      return rows.map((row) => readRelease(row, cipher));
    },
    current: (appId) => newest(appId, { succeeded: true }),
    latest: (appId) => newest(appId, { succeeded: false }),
    create: (release) => createRelease(release, deps),
    async settle(appId, version, { status, failure }) {
      await database.write((db) =>
        db
          .updateTable('releases')
          .set({ status, failure: failure === undefined ? null : storableText(failure), updated_at: clock() })
          .where('app_id', '=', appId)
          .where('version', '=', version)
          .where('status', '=', 'pending')
          .execute(),
      );
    },
    async imageDigests() {
      // Also of builds that have an image and no release yet.
      const rows = await database.read((db) =>
        sql<{ digest: string }>`
          select distinct image->>'digest' as digest from releases where image is not null
          union select image->>'digest' from builds where image is not null and not finished
        `.execute(db),
      );
      return rows.rows.map((row) => row.digest);
    },
  };
}

async function createRelease(
  release: Parameters<Releases['create']>[0],
  { database, cipher, clock }: ReleasesDeps,
): Promise<Release> {
  const { appId, userId, description, image, commit, status } = release;
  const row = await database.transaction(async (db) => {
    await lockApp(db, appId);
    const latest = await ofAppRows(db, appId).limit(1).executeTakeFirst();
    const version = (latest?.version ?? 0) + 1;
    const configVars = release.configVars ?? (latest ? readRelease(latest, cipher).configVars : {});
    if (image) await addFormationEntries(db, appId, image);
    const inserted = await db
      .insertInto('releases')
      .values({
        app_id: appId,
        user_id: userId,
        version,
        status,
        description: storableText(description),
        image: image ? storableJson(image) : sql`null`,
        commit_oid: commit ?? null,
        config_vars: cipher.seal(configVars, { appId, version }),
        created_at: clock(),
        updated_at: clock(),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const user = await db.selectFrom('users').select('email').where('id', '=', userId).executeTakeFirstOrThrow();
    return { ...inserted, ...user };
  });
  return readRelease(row, cipher);
}

async function addFormationEntries(db: Transaction<Tables>, appId: string, image: ReleaseImage): Promise<void> {
  const entries = image.processTypes.map(({ type }) => ({
    app_id: appId,
    type: storableText(type),
    quantity: defaultQuantity(type),
    size: defaultSize,
  }));
  if (entries.length === 0) return;
  await db
    .insertInto('formations')
    .values(entries)
    .onConflict((conflict) => conflict.columns(['app_id', 'type']).doNothing())
    .execute();
}
