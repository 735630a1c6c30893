import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Users and what they hold. Tokens are found by digest, so no secret is in the database. */
const users = `
  create table users (
    id uuid primary key default gen_random_uuid(),
    email text not null,
    password_hash text not null,
    created_at timestamptz not null
  );
  create unique index users_email on users (lower(email));
  create table tokens (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users on delete cascade,
    kind text not null,
    description text not null,
    digest bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz
  );
  create unique index tokens_digest on tokens (digest);
  create index tokens_user on tokens (user_id);
`;

const apps = `
  create table apps (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    owner_id uuid not null references users,
    maintenance boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null
  );
  create unique index apps_name on apps (name);
  create index apps_owner on apps (owner_id);
  create table formations (
    id uuid primary key default gen_random_uuid(),
    app_id uuid not null references apps on delete cascade,
    type text not null,
    quantity integer not null check (quantity >= 0),
    size text not null
  );
  create unique index formations_type on formations (app_id, type);
`;

/** The two partial unique indexes say what enqueue promises: one build of an app runs, one waits. */
const builds = `
  create table builds (
    id uuid primary key default gen_random_uuid(),
    app_id uuid not null references apps on delete cascade,
    user_id uuid not null references users,
    status text not null,
    commit_oid text not null,
    tree_oid text not null,
    ref text not null,
    old_commit text not null,
    finished boolean not null default false,
    release_version integer,
    image jsonb,
    failure text,
    phases jsonb not null,
    enqueued_at timestamptz,
    started_at timestamptz,
    line_count integer not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null
  ) with (fillfactor = 80);
  create index builds_of_app on builds (app_id, created_at desc, id desc);
  create index builds_unfinished on builds (created_at) where not finished;
  create unique index builds_one_runs on builds (app_id) where not finished and started_at is not null;
  create unique index builds_one_waits on builds (app_id)
    where status = 'queued' and enqueued_at is not null;
  create table build_lines (
    build_id uuid not null references builds on delete cascade,
    seq integer not null,
    text text not null,
    primary key (build_id, seq)
  );
`;

/** Every writer tells, whatever program it is: appending lines also changes the build's row (line_count). */
const buildChanges = `
  create function tell_build_change() returns trigger language plpgsql as $$
  begin
    perform pg_notify('shipway_builds', (case tg_op when 'DELETE' then old.id else new.id end)::text);
    return null;
  end $$;
  create trigger builds_change after insert or update or delete on builds
    for each row execute function tell_build_change();
`;

const releases = `
  create table releases (
    id uuid primary key default gen_random_uuid(),
    app_id uuid not null references apps on delete cascade,
    user_id uuid not null references users,
    version integer not null,
    status text not null,
    description text not null,
    image jsonb,
    commit_oid text,
    config_vars bytea not null,
    failure text,
    created_at timestamptz not null,
    updated_at timestamptz not null
  );
  create unique index releases_version on releases (app_id, version);
  create index releases_current on releases (app_id, version desc) where status = 'succeeded';
`;

/** No foreign keys: entries outlive what they speak of. */
const audit = `
  create table audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    user_id uuid,
    app_id uuid,
    action text not null,
    detail text not null
  );
  create index audit_log_app on audit_log (app_id, id desc);
  create function refuse_audit_change() returns trigger language plpgsql as $$
  begin
    raise exception 'the audit log is append-only';
  end $$;
  create trigger audit_log_append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_audit_change();
`;

export const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statements of [users, apps, builds, buildChanges, releases, audit]) {
      await sql.raw(statements).execute(db);
    }
  },
};
