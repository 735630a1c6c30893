import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import { Pool } from 'pg';
import { connectionLoss, toStoreError } from './database-error.ts';
import type { Tables } from './tables.ts';

export interface Database {
  /** One idempotent query: tried again for a few seconds while PostgreSQL is away. */
  read<Result>(query: (db: Kysely<Tables>) => Promise<Result>): Promise<Result>;
  /** One statement. Tried again only where it is sure that PostgreSQL never saw it. */
  write<Result>(statement: (db: Kysely<Tables>) => Promise<Result>): Promise<Result>;
  /** Several statements, all or none; tried again as `write` is. */
  transaction<Result>(statements: (db: Transaction<Tables>) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

const retryForMs = 5_000;
const longestPauseMs = 500;

/** Runs `attempt` again while the connection is the trouble and `mayRepeat` allows it. @throws ShipwayError `unavailable` */
export async function whileAway<Result>(
  attempt: () => Promise<Result>,
  options: { readonly forMs: number; readonly mayRepeat: (loss: 'unsent' | 'unknown') => boolean },
): Promise<Result> {
  const endsAt = performance.now() + options.forMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await attempt();
    } catch (thrown) {
      const loss = connectionLoss(thrown);
      const again = loss !== undefined && options.mayRepeat(loss) && performance.now() + pauseMs < endsAt;
      if (!again) throw toStoreError(thrown);
      await sleep(pauseMs);
    }
  }
}

/** Each PostgreSQL backend costs memory: the pool is small, and idle connections go. */
export function openDatabase(options: {
  readonly databaseUrl: string;
  readonly maxConnections: number;
  readonly log: (text: string) => void;
}): Database {
  const pool = new Pool({
    connectionString: options.databaseUrl,
    max: options.maxConnections,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 30_000,
    application_name: 'shipway',
  });
  // A connection that breaks between two queries of a transaction has nobody else who listens: unheard, it would end the program.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', (error) => options.log(`store: lost an idle connection: ${error.message}`));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const always = { forMs: retryForMs, mayRepeat: () => true };
  const whenUnsent = { forMs: retryForMs, mayRepeat: (loss: string) => loss === 'unsent' };
  return {
    read: (query) => whileAway(() => query(db), always),
    write: (statement) => whileAway(() => statement(db), whenUnsent),
    transaction: (statements) => whileAway(() => db.transaction().execute(statements), whenUnsent),
    close: () => db.destroy(),
  };
}
