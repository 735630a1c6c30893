import type { Writable } from 'node:stream';

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Colour on stdout. */
  readonly hasColour: boolean;
  readonly isInteractive: boolean;
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  // https://no-color.org: set and not empty means none, whatever the value.
  const hasColour = stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return { stdin, stdout, stderr, hasColour, isInteractive: stdin.isTTY === true && stderr.isTTY === true };
}

const esc = String.fromCharCode(27);
const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;
export type Style = keyof typeof codes;

export function paint(terminal: Terminal, style: Style, text: string): string {
  return terminal.hasColour ? `${esc}[${codes[style]}m${text}${esc}[0m` : text;
}

export function print(terminal: Terminal, text: string): undefined {
  terminal.stdout.write(`${text}\n`);
}

/** What happens, for people: on stderr, so that stdout stays what a script asked for. */
export function note(terminal: Terminal, text: string): undefined {
  terminal.stderr.write(`${text}\n`);
}

export function printJson(terminal: Terminal, value: unknown): undefined {
  print(terminal, JSON.stringify(value, undefined, 2));
}

export function printHeading(terminal: Terminal, text: string): undefined {
  print(terminal, `${paint(terminal, 'dim', '===')} ${paint(terminal, 'bold', text)}`);
}

/** Aligned by two spaces; the last column is as long as it is. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Captured, so that `split` leaves the sequences at odd places. */
const colourSequence = new RegExp(String.raw`(${esc}\[[\d;]*m)`);

/**
 * Text that somebody else wrote, for a terminal: colours (SGR) stay, whatever else an escape sequence could do to the reader's
 * terminal does not.
 */
export function safeText(text: string): string {
  return text
    .split(colourSequence)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/[^\P{Cc}\t\n]/gu, '')))
    .join('');
}
