import type { Kysely, Transaction } from 'kysely';
import type { Build } from '../domain/build.ts';
import { ShipwayError } from '../domain/error.ts';
import type { Builds } from '../domain/stores.ts';
import { lockApp } from './apps.ts';
import { readBuild, selectBuilds } from './build-rows.ts';
import type { Database } from './database.ts';
import { isUuid } from './storable.ts';
import type { Tables } from './tables.ts';

const buildGone = () => new ShipwayError('not_found', "Couldn't find that build.", { resource: 'build' });

/** Whose turn it is: one build of an app runs, one waits. Both transactions hold the app's lock, so pushes decide one after the other. */
export function createBuildTurns({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: () => Date;
}): Pick<Builds, 'enqueue' | 'finish'> {
  return {
    enqueue: (buildId) =>
      database.transaction(async (db) => {
        const build = await lockWithApp(db, buildId);
        // Asked again, by a server that died before it had the answer.
        if (build.status === 'pending') return { state: 'started' as const };
        if (build.status !== 'queued') {
          throw new ShipwayError('conflict', `Cannot start the build: it is ${build.status}. Push again.`);
        }
        const running = await findRunning(db, build.appId);
        if (!running) {
          await start(db, build.id, clock());
          return { state: 'started' as const };
        }
        const replaced = await replaceWaiting(db, build, clock());
        await db.updateTable('builds').set({ enqueued_at: clock() }).where('id', '=', build.id).execute();
        return { state: 'queued' as const, behind: running, replaced };
      }),
    finish: (buildId) =>
      database.transaction(async (db) => {
        const build = await lockWithApp(db, buildId).catch(ignoreGone);
        if (!build) return undefined;
        await db
          .updateTable('builds')
          .set({ finished: true, updated_at: clock() })
          .where('id', '=', buildId)
          .where('finished', '=', false)
          .execute();
        if (await findRunning(db, build.appId)) return undefined;
        const waiting = await findWaiting(db, build.appId);
        if (!waiting) return undefined;
        await start(db, waiting.id, clock());
        return find(db, waiting.id);
      }),
  };
}

async function find(db: Kysely<Tables>, buildId: string): Promise<Build> {
  const row = await selectBuilds(db).where('builds.id', '=', buildId).executeTakeFirst();
  if (!row) throw buildGone();
  return readBuild(row);
}

/** The app first, then the build: the same order everywhere, and the build's row as it is under the lock. */
async function lockWithApp(db: Transaction<Tables>, buildId: string): Promise<Build> {
  if (!isUuid(buildId)) throw buildGone();
  const { appId } = await find(db, buildId);
  await lockApp(db, appId);
  return find(db, buildId);
}

async function findRunning(db: Transaction<Tables>, appId: string): Promise<Build | undefined> {
  const row = await selectBuilds(db)
    .where('app_id', '=', appId)
    .where('finished', '=', false)
    .where('started_at', 'is not', null)
    .executeTakeFirst();
  return row && readBuild(row);
}

async function findWaiting(db: Transaction<Tables>, appId: string): Promise<Build | undefined> {
  const row = await selectBuilds(db)
    .where('app_id', '=', appId)
    .where('status', '=', 'queued')
    .where('enqueued_at', 'is not', null)
    .executeTakeFirst();
  return row && readBuild(row);
}

function start(db: Transaction<Tables>, buildId: string, now: Date): Promise<unknown> {
  return db
    .updateTable('builds')
    .set({ status: 'pending', enqueued_at: now, started_at: now, updated_at: now })
    .where('id', '=', buildId)
    .execute();
}

async function replaceWaiting(db: Transaction<Tables>, by: Build, now: Date): Promise<Build | undefined> {
  const waiting = await findWaiting(db, by.appId);
  if (!waiting || waiting.id === by.id) return undefined;
  await db.updateTable('builds').set({ status: 'replaced', updated_at: now }).where('id', '=', waiting.id).execute();
  return find(db, waiting.id);
}

function ignoreGone(thrown: unknown): undefined {
  if (thrown instanceof ShipwayError && thrown.code === 'not_found') return undefined;
  throw thrown;
}
