/**
 * ~/.netrc as text: entries are found and changed in place, so that everything else (other machines, comments, macros, layout)
 * stays byte for byte. Grammar: GNU inetutils "The .netrc file"; quoted tokens and `#` comments as curl and git read them.
 */
export interface NetrcEntry {
  readonly login: string | undefined;
  readonly password: string | undefined;
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

interface Field {
  readonly name: string;
  readonly value: Token;
}

interface Entry {
  /** Undefined: the `default` entry, which stands for every machine that comes before none. */
  readonly machine: string | undefined;
  readonly start: number;
  /** Where its last token ends. */
  readonly end: number;
  readonly fields: readonly Field[];
}

const fieldNames = new Set(['login', 'password', 'account']);

function unquote(text: string): string {
  return text.startsWith('"') ? text.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1') : text;
}

function quote(value: string): string {
  return /^[^\s"#\\]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** A macro runs to the first blank line, whatever is in it. */
function endOfMacro(text: string, from: number): number {
  const blank = /\n[ \t\r]*(?:\n|$)/g;
  blank.lastIndex = from;
  return blank.exec(text) === null ? text.length : blank.lastIndex;
}

function tokensOf(text: string): readonly Token[] {
  const pattern = /#[^\n]*|"(?:\\.|[^"\\])*"|\S+/g;
  const tokens: Token[] = [];
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const startsLine = /(?:^|\n)[ \t]*$/.test(text.slice(0, match.index));
    if (match[0].startsWith('#') && startsLine) continue;
    // A `#` inside a line is part of a value: passwords have them.
    if (match[0].startsWith('#')) pattern.lastIndex = match.index + (/^\S+/.exec(match[0])?.[0].length ?? 1);
    const end = pattern.lastIndex;
    tokens.push({ text: unquote(text.slice(match.index, end)), start: match.index, end });
    if (match[0] === 'macdef') pattern.lastIndex = endOfMacro(text, end);
  }
  return tokens;
}

function entriesOf(text: string): readonly Entry[] {
  const tokens = tokensOf(text);
  const entries: Entry[] = [];
  let index = 0;
  while (index < tokens.length) {
    const token = tokens[index];
    const name = tokens[index + 1];
    const isDefault = token?.text === 'default';
    if (token === undefined || (!isDefault && (token.text !== 'machine' || name === undefined))) {
      index += 1;
      continue;
    }
    index += isDefault ? 1 : 2;
    const fields: Field[] = [];
    let { end } = isDefault ? token : (name ?? token);
    for (let field = tokens[index]; field !== undefined && fieldNames.has(field.text); field = tokens[index]) {
      const value = tokens[index + 1];
      if (value === undefined) break;
      fields.push({ name: field.text, value });
      end = value.end;
      index += 2;
    }
    entries.push({ machine: isDefault ? undefined : name?.text, start: token.start, end, fields });
  }
  return entries;
}

export function findMachine(text: string, machine: string): NetrcEntry | undefined {
  const entry = entriesOf(text).find((one) => one.machine === machine);
  if (entry === undefined) return undefined;
  const read = (name: string) => entry.fields.find((field) => field.name === name)?.value.text;
  return { login: read('login'), password: read('password') };
}

/** Sets login and password of a machine; a new one comes before `default`, behind which nobody would look. */
export function setMachine(
  text: string,
  machine: string,
  { login, password }: { readonly login: string; readonly password: string },
): string {
  const body = `machine ${machine}\n  login ${quote(login)}\n  password ${quote(password)}`;
  const entries = entriesOf(text);
  const known = entries.find((one) => one.machine === machine);
  if (known !== undefined) return text.slice(0, known.start) + body + text.slice(known.end);
  const fallback = entries.find((one) => one.machine === undefined);
  if (fallback !== undefined) return `${text.slice(0, fallback.start)}${body}\n${text.slice(fallback.start)}`;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${body}\n`;
}

export function removeMachine(text: string, machine: string): string {
  const entry = entriesOf(text).find((one) => one.machine === machine);
  if (entry === undefined) return text;
  const lineEnd = /^[ \t\r]*\n/.exec(text.slice(entry.end))?.[0].length ?? 0;
  return removeMachine(text.slice(0, entry.start) + text.slice(entry.end + lineEnd), machine);
}
