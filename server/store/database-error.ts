import { DatabaseError } from 'pg';
import { ShipwayError } from '../domain/error.ts';

/** PostgreSQL refuses before it runs anything: too many connections, starting or shutting down (SQLSTATE, appendix A of its manual). */
const refusals = new Set(['53300', '57P03']);
/** The connection ends, perhaps in the middle of a statement. */
const endings = new Set(['57P01', '57P02', '57P05', '25P03', '08000', '08003', '08006', '08P01']);
const brokenSockets = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** node-postgres gives these no code. */
const brokenMessages =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying)/;

/** `unsent`: PostgreSQL cannot have seen the statement. `unknown`: it may have. Undefined: the connection was not the trouble. */
export function connectionLoss(thrown: unknown): 'unsent' | 'unknown' | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof DatabaseError) {
    if (code !== undefined && refusals.has(code)) return 'unsent';
    return code !== undefined && endings.has(code) ? 'unknown' : undefined;
  }
  if (code === 'ECONNREFUSED' || syscall === 'connect' || syscall === 'getaddrinfo') return 'unsent';
  if (thrown.message.startsWith('timeout exceeded when trying to connect')) return 'unsent';
  if (code !== undefined && brokenSockets.has(code)) return 'unknown';
  return brokenMessages.test(thrown.message) ? 'unknown' : undefined;
}

/** What leaves the store: the caller's own ShipwayErrors, `unavailable` for a lost connection, the rest as it is (a bug: 'internal'). */
export function toStoreError(thrown: unknown): unknown {
  if (connectionLoss(thrown) === undefined) return thrown;
  return new ShipwayError('unavailable', 'The database cannot be reached. Try again in a few seconds.', {
    cause: thrown,
  });
}

/** True when a row of that unique index exists already. */
export function isDuplicate(thrown: unknown, index: string): boolean {
  return thrown instanceof DatabaseError && thrown.code === '23505' && thrown.constraint === index;
}

/** True when the row that a new one belongs to is gone. */
export function isOrphan(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && thrown.code === '23503';
}
