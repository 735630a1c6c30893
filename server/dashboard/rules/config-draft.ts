/** What was changed on the page and not yet applied. null removes. */
export type ConfigDraft = Readonly<Record<string, string | null>>;

export interface ConfigRow {
  readonly name: string;
  /** As it will be; the old value of a removed one. */
  readonly value: string;
  readonly change: 'none' | 'added' | 'changed' | 'removed';
}

/** Variables that the platform sets for each instance: a config var of that name would not be seen. */
const reservedNames = new Set(['PORT', 'DYNO']);

/** Undefined for a name that can be used, else why not. */
export function nameProblem(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return 'Names start with a letter or _ and go on with letters, digits and _.';
  }
  if (reservedNames.has(name)) return `${name} is set by the platform. Choose another name.`;
  return undefined;
}

/** A value that goes back to what is stored leaves the draft. */
export function draftSet(
  stored: Readonly<Record<string, string>>,
  draft: ConfigDraft,
  changes: Readonly<Record<string, string>>,
): ConfigDraft {
  const next = { ...draft, ...changes };
  return Object.fromEntries(Object.entries(next).filter(([name, value]) => valueIn(stored, name) !== value));
}

export function draftRemove(stored: Readonly<Record<string, string>>, draft: ConfigDraft, name: string): ConfigDraft {
  const { [name]: _gone, ...rest } = draft;
  return valueIn(stored, name) === undefined ? rest : { ...rest, [name]: null };
}

export function draftReset(draft: ConfigDraft, name: string): ConfigDraft {
  const { [name]: _gone, ...rest } = draft;
  return rest;
}

/** Stored and new ones together, by name. */
export function configRows(stored: Readonly<Record<string, string>>, draft: ConfigDraft): readonly ConfigRow[] {
  const names = [...new Set([...Object.keys(stored), ...Object.keys(draft)])].sort();
  return names.flatMap((name): readonly ConfigRow[] => {
    const before = valueIn(stored, name);
    const after = Object.hasOwn(draft, name) ? draft[name] : undefined;
    if (after === undefined) return before === undefined ? [] : [{ name, value: before, change: 'none' }];
    if (after === null) return before === undefined ? [] : [{ name, value: before, change: 'removed' }];
    return [{ name, value: after, change: before === undefined ? 'added' : 'changed' }];
  });
}

/** `Sets PORT_NAME and URL, removes OLD.` */
export function draftSummary(rows: readonly ConfigRow[]): string {
  const set = rows.filter((row) => row.change === 'added' || row.change === 'changed').map((row) => row.name);
  const removed = rows.filter((row) => row.change === 'removed').map((row) => row.name);
  const parts = [set.length > 0 ? `sets ${listing(set)}` : '', removed.length > 0 ? `removes ${listing(removed)}` : ''];
  const text = parts.filter((part) => part !== '').join(', ');
  return text === '' ? '' : `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}

function listing(names: readonly string[]): string {
  if (names.length > 4) return `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function valueIn(vars: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(vars, name) ? vars[name] : undefined;
}
