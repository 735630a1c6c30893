import { createHash } from 'node:crypto';
import type { App } from '../domain/app.ts';

/** ISO 8601 in seconds, as Heroku writes it. */
export function formatTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** A UUID (version 8, RFC 9562) for things that have a name alone: the same name, the same id. */
export function nameId(...names: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(names)).digest('hex');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const refApp = ({ id, name }: App) => ({ id, name });
export const region = { id: nameId('region', 'local'), name: 'local' };
export const stack = { id: nameId('stack', 'debian-12'), name: 'debian-12' };

/** `standard-1x` -> `Standard-1X`, as Heroku writes sizes. */
export function formatSize(size: string): string {
  return size.replace(/(^|[-\d])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
}
