export interface EnvFile {
  readonly vars: Readonly<Record<string, string>>;
  /** Lines that are neither a variable, a comment nor empty. */
  readonly problems: readonly { readonly line: number; readonly text: string }[];
}

const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/;

/**
 * `.env` text: `KEY=value`, `export KEY=value`, `'single'` quotes as they are, `"double"` quotes with `\n` and `\"`,
 * both over several lines, `#` comments. The last of two equal names wins. Nothing is expanded.
 */
export function parseEnvFile(text: string): EnvFile {
  const vars = new Map<string, string>();
  const problems: { line: number; text: string }[] = [];
  const lines = text
    .replaceAll('\r\n', '\n')
    .replace(/^\uFEFF/, '')
    .split('\n');
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const name = assignment.exec(line);
    if (name?.[1] === undefined) {
      if (!/^\s*(#|$)/.test(line)) problems.push({ line: at + 1, text: line.trim() });
      at += 1;
      continue;
    }
    const value = readValue(line.slice(name[0].length), lines.slice(at + 1));
    vars.set(name[1], value.text);
    at += value.lines;
  }
  return { vars: Object.fromEntries(vars), problems };
}

/** True when pasted text is meant as a file: several lines, or one assignment. */
export function looksLikeEnvFile(text: string): boolean {
  return text.includes('\n') ? Object.keys(parseEnvFile(text).vars).length > 0 : assignment.test(text);
}

function readValue(first: string, rest: readonly string[]): { text: string; lines: number } {
  const quote = first[0];
  if (quote === '"' || quote === "'") {
    const quoted = readQuoted(quote, first.slice(1), rest);
    if (quoted !== undefined) return quoted;
  }
  return { text: first.replace(/(^|\s+)#.*$/, '').trim(), lines: 1 };
}

/** Undefined when the quote never closes: then it belongs to the value. */
function readQuoted(
  quote: string,
  first: string,
  rest: readonly string[],
): { text: string; lines: number } | undefined {
  const pattern = quote === '"' ? /^((?:[^"\\]|\\.)*)"/s : /^([^']*)'/;
  let text = first;
  for (let lines = 1; ; lines += 1) {
    const closed = pattern.exec(text);
    if (closed?.[1] !== undefined) return { text: quote === '"' ? readEscapes(closed[1]) : closed[1], lines };
    const next = rest[lines - 1];
    if (next === undefined) return undefined;
    text += `\n${next}`;
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function readEscapes(text: string): string {
  return text.replaceAll(/\\(.)/gs, (pair, letter: string) => {
    if (letter === '"' || letter === '\\' || letter === '$') return letter;
    return escapes[letter] ?? pair;
  });
}
