import { sql } from 'kysely';
import type { Build, BuildStatus } from '../domain/build.ts';
import type { Builds } from '../domain/stores.ts';
import { appGone } from './apps.ts';
import type { BuildChanges } from './build-changes.ts';
import { readBuild, selectBuilds } from './build-rows.ts';
import { createBuildTurns } from './build-turns.ts';
import type { Database } from './database.ts';
import { isOrphan } from './database-error.ts';
import { isUuid, storableJson, storableText } from './storable.ts';

interface BuildsDeps {
  readonly database: Database;
  readonly changes: BuildChanges;
  readonly clock: () => Date;
}

/** From which statuses a build may come to this one; its own counts, so that a step can be repeated. */
const comesFrom: Readonly<Record<BuildStatus, readonly BuildStatus[]>> = {
  queued: ['queued'],
  pending: ['queued', 'pending'],
  succeeded: ['pending', 'succeeded'],
  failed: ['queued', 'pending', 'failed'],
  canceled: ['queued', 'pending', 'canceled'],
  replaced: ['queued', 'replaced'],
};

export function createBuilds(deps: BuildsDeps): Builds {
  const { database, changes } = deps;
  return {
    ...createBuildTurns(deps),
    ...createBuildLines(database),
    changes: (buildId, signal) => changes.of(buildId, signal),
    async find(id) {
      if (!isUuid(id)) return undefined;
      const row = await database.read((db) => selectBuilds(db).where('builds.id', '=', id).executeTakeFirst());
      return row && readBuild(row);
    },
    async ofApp(appId, { limit }) {
      const newestFirst = await database.read((db) =>
        selectBuilds(db)
          .where('app_id', '=', appId)
          .orderBy('builds.created_at', 'desc')
          .orderBy('builds.id', 'desc')
          .limit(limit)
          .execute(),
      );
      return newestFirst.map(readBuild);
    },
    async unfinished() {
      const oldestFirst = await database.read((db) =>
        selectBuilds(db).where('finished', '=', false).orderBy('builds.created_at').orderBy('builds.id').execute(),
      );
      return oldestFirst.map(readBuild);
    },
    create: (build) => createBuild(deps, build),
    update: (buildId, change) => updateBuild(deps, buildId, change),
  };
}

async function createBuild(
  { database, clock }: BuildsDeps,
  { appId, userId, commit, tree, ref, oldCommit, phases }: Parameters<Builds['create']>[0],
): Promise<Build> {
  const insert = database.transaction(async (db) => {
    const { id } = await db
      .insertInto('builds')
      .values({
        app_id: appId,
        user_id: userId,
        status: 'queued',
        commit_oid: commit,
        tree_oid: tree,
        ref: storableText(ref),
        old_commit: oldCommit,
        image: sql`null`,
        phases: storableJson(phases),
        created_at: clock(),
        updated_at: clock(),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return selectBuilds(db).where('builds.id', '=', id).executeTakeFirstOrThrow();
  });
  const row = await insert.catch((thrown: unknown) => {
    throw isOrphan(thrown) ? appGone() : thrown;
  });
  return readBuild(row);
}

async function updateBuild(
  { database, clock }: BuildsDeps,
  buildId: string,
  { status, image, failure, releaseVersion, phases }: Parameters<Builds['update']>[1],
): ReturnType<Builds['update']> {
  const row = await database.transaction(async (db) => {
    const update = db
      .updateTable('builds')
      .set({
        updated_at: clock(),
        ...(status === undefined ? {} : { status }),
        ...(image === undefined ? {} : { image: storableJson(image) }),
        ...(failure === undefined ? {} : { failure: storableText(failure) }),
        ...(releaseVersion === undefined ? {} : { release_version: releaseVersion }),
        ...(phases === undefined ? {} : { phases: storableJson(phases) }),
      })
      .where('id', '=', buildId)
      .where('finished', '=', false);
    const { numUpdatedRows } = await (status === undefined
      ? update
      : update.where('status', 'in', comesFrom[status])
    ).executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return undefined;
    return selectBuilds(db).where('builds.id', '=', buildId).executeTakeFirst();
  });
  return row && readBuild(row);
}

/**
 * Numbers are taken under the lock of the build's row, held until the lines are visible: two writers (worker and server) neither share a
 * number nor let a reader pass one that is still to come. Lines of a build that is gone are dropped.
 */
function createBuildLines(database: Database): Pick<Builds, 'appendLines' | 'linesAfter'> {
  return {
    async appendLines(buildId, lines) {
      if (lines.length === 0) return;
      const texts = lines.map(storableText);
      await database.write((db) =>
        sql`
          with place as (
            update builds set line_count = line_count + ${texts.length} where id = ${buildId}
            returning line_count - ${texts.length} as before
          )
          insert into build_lines (build_id, seq, text)
          select ${buildId}, place.before + line.ordinal, line.text
          from place, unnest(${texts}::text[]) with ordinality as line (text, ordinal)
        `.execute(db),
      );
    },
    linesAfter: (buildId, seq) =>
      database.read((db) =>
        db
          .selectFrom('build_lines')
          .select(['seq', 'text'])
          .where('build_id', '=', buildId)
          .where('seq', '>', seq)
          .orderBy('seq')
          .execute(),
      ),
  };
}
