/** PostgreSQL's text holds no NUL; names, commands and build output come from pushed trees and may have one. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\u{FFFD}');
}

export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? storableText(part) : part));
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** PostgreSQL refuses a query that compares a uuid with anything else: ask only with one. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}
