import type { ColumnType, Generated, Selectable } from 'kysely';
import type { BuildStatus, Phase } from '../domain/build.ts';
import type { ReleaseImage, ReleaseStatus } from '../domain/release.ts';

/** Read as a value, written as JSON text. */
type Json<Value> = ColumnType<Value, string, string>;

interface UsersTable {
  readonly id: Generated<string>;
  readonly email: string;
  readonly password_hash: string;
  readonly created_at: Date;
}

interface TokensTable {
  readonly id: Generated<string>;
  readonly user_id: string;
  readonly kind: 'authorization' | 'session';
  readonly description: string;
  readonly digest: Buffer;
  readonly created_at: Date;
  readonly expires_at: Date | null;
}

interface AppsTable {
  readonly id: Generated<string>;
  readonly name: string;
  readonly owner_id: string;
  readonly maintenance: Generated<boolean>;
  readonly created_at: Date;
  readonly updated_at: Date;
}

interface BuildsTable {
  readonly id: Generated<string>;
  readonly app_id: string;
  readonly user_id: string;
  readonly status: BuildStatus;
  readonly commit_oid: string;
  readonly tree_oid: string;
  readonly ref: string;
  readonly old_commit: string;
  readonly finished: Generated<boolean>;
  readonly release_version: number | null;
  readonly image: Json<ReleaseImage | null>;
  readonly failure: string | null;
  readonly phases: Json<readonly Phase[]>;
  /** When `enqueue` decided that it waits, or runs. */
  readonly enqueued_at: Date | null;
  readonly started_at: Date | null;
  readonly line_count: Generated<number>;
  readonly created_at: Date;
  readonly updated_at: Date;
}

interface BuildLinesTable {
  readonly build_id: string;
  readonly seq: number;
  readonly text: string;
}

interface ReleasesTable {
  readonly id: Generated<string>;
  readonly app_id: string;
  readonly user_id: string;
  readonly version: number;
  readonly status: ReleaseStatus;
  readonly description: string;
  readonly image: Json<ReleaseImage | null>;
  readonly commit_oid: string | null;
  readonly config_vars: Buffer;
  readonly failure: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

interface FormationsTable {
  readonly id: Generated<string>;
  readonly app_id: string;
  readonly type: string;
  readonly quantity: number;
  readonly size: string;
}

interface AuditLogTable {
  readonly at: Date;
  readonly user_id: string | null;
  readonly app_id: string | null;
  readonly action: string;
  readonly detail: string;
}

export interface Tables {
  readonly users: UsersTable;
  readonly tokens: TokensTable;
  readonly apps: AppsTable;
  readonly builds: BuildsTable;
  readonly build_lines: BuildLinesTable;
  readonly releases: ReleasesTable;
  readonly formations: FormationsTable;
  readonly audit_log: AuditLogTable;
}

export type UserRow = Selectable<UsersTable>;
export type TokenRow = Selectable<TokensTable>;
export type AppRow = Selectable<AppsTable>;
export type BuildRow = Selectable<BuildsTable>;
export type ReleaseRow = Selectable<ReleasesTable>;
