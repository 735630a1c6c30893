import { ShipwayError } from '../domain/error.ts';

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const maxValueBytes = 64 * 1024;
/** Set by the platform for each instance. */
const reserved = new Set(['PORT', 'DYNO']);

export interface ConfigChange {
  readonly configVars: Readonly<Record<string, string>>;
  /** `Set FOO, BAR config vars`; undefined when nothing changes. */
  readonly description: string | undefined;
}

function assertName(name: string): void {
  if (!namePattern.test(name)) {
    throw new ShipwayError(
      'invalid_params',
      `Cannot set ${JSON.stringify(name)}: a config var's name has letters, digits and underscores, and does not start with a digit.`,
    );
  }
  if (reserved.has(name))
    throw new ShipwayError('invalid_params', `Cannot set ${name}: the platform sets it for each instance.`);
}

function describe(verb: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`${verb} ${names.join(', ')} config var${names.length > 1 ? 's' : ''}`];
}

/** Pure: config vars after the changes; null unsets. */
export function applyConfigChanges(
  before: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): ConfigChange {
  const after = new Map(Object.entries(before));
  const set: string[] = [];
  const unset: string[] = [];
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) {
      if (after.delete(name)) unset.push(name);
      continue;
    }
    assertName(name);
    if (Buffer.byteLength(value) > maxValueBytes || value.includes('\0')) {
      throw new ShipwayError('invalid_params', `Cannot set ${name}: a value holds at most 64 KiB and no NUL byte.`);
    }
    if (after.get(name) !== value) set.push(name);
    after.set(name, value);
  }
  const parts = [...describe('Set', set), ...describe('Unset', unset)];
  const description = parts.length === 0 ? undefined : parts.join('; ');
  return { configVars: Object.fromEntries([...after].sort(([a], [b]) => (a < b ? -1 : 1))), description };
}
