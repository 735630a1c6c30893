import { listTokens } from './http-grammar.ts';

/** What a Connection field says (RFC 9110 section 7.6.1). */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly upgrade: boolean;
  /** Fields that it makes hop-by-hop, lower case. */
  readonly named: readonly string[];
}

const nothing: ConnectionOptions = { close: false, upgrade: false, named: [] };
const close: ConnectionOptions = { close: true, upgrade: false, named: [] };
const ownOptions = new Set(['close', 'keep-alive', 'upgrade']);

/** `value`: all lines of the field, joined by commas. */
export function parseConnection(value: string | undefined): ConnectionOptions {
  // Nearly all messages say one of these.
  if (value === undefined || value === 'keep-alive') return nothing;
  if (value === 'close') return close;
  const tokens = listTokens(value);
  return {
    close: tokens.includes('close'),
    upgrade: tokens.includes('upgrade'),
    named: tokens.filter((token) => !ownOptions.has(token)),
  };
}
