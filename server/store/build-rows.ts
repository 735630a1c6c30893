import type { Kysely } from 'kysely';
import type { Build } from '../domain/build.ts';
import type { BuildRow, Tables } from './tables.ts';

/** All a reader sees of a build. */
export function selectBuilds(db: Kysely<Tables>) {
  return db
    .selectFrom('builds')
    .innerJoin('users', 'users.id', 'builds.user_id')
    .selectAll('builds')
    .select('users.email');
}

export function readBuild(row: BuildRow & { readonly email: string }): Build {
  return {
    id: row.id,
    appId: row.app_id,
    userId: row.user_id,
    userEmail: row.email,
    status: row.status,
    commit: row.commit_oid,
    tree: row.tree_oid,
    ref: row.ref,
    oldCommit: row.old_commit,
    finished: row.finished,
    releaseVersion: row.release_version ?? undefined,
    image: row.image ?? undefined,
    failure: row.failure ?? undefined,
    phases: row.phases,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
