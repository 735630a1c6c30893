import { ShipwayError } from '../../server/domain/error.ts';
import type { ProcessType } from '../../server/domain/process-type.ts';

/** Heroku names no limit; these keep a hostile Procfile out of labels, environments and the database. */
const maxTypes = 100;
const maxTypeLength = 63;
const maxCommandBytes = 16_384;

const linePattern = /^(?<type>[A-Za-z0-9_-]+)[ \t]*:[ \t]*(?<command>.*)$/;

/**
 * Reads a Procfile: `<type>: <command>` a line (devcenter.heroku.com/articles/procfile). Empty lines and lines that start with `#` are skipped.
 * @throws ShipwayError invalid_params that names the line and what to write instead.
 */
export function parseProcfile(text: string): ProcessType[] {
  const commands = new Map<string, string>();
  // A byte order mark and CRLF are what Windows editors leave behind.
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const { type, command } = parseLine(line, index + 1);
    if (commands.has(type)) throw refuse(index + 1, `process type ${type} is there twice. Keep one of the two lines`);
    commands.set(type, command);
    if (commands.size > maxTypes) throw refuse(index + 1, `more than ${maxTypes} process types`);
  }
  return Array.from(commands, ([type, command]) => ({ type, command }));
}

function parseLine(line: string, number: number): ProcessType {
  const groups = linePattern.exec(line)?.groups;
  const { type, command } = { type: groups?.type ?? '', command: groups?.command ?? '' };
  if (type === '') throw refuse(number, 'expected "<type>: <command>", for instance "web: node server.js"');
  if (command === '') throw refuse(number, `process type ${type} has no command. Write one after the colon`);
  if (type.length > maxTypeLength) throw refuse(number, `a process type has at most ${maxTypeLength} characters`);
  if (Buffer.byteLength(command) > maxCommandBytes) {
    throw refuse(number, `the command of ${type} is longer than ${maxCommandBytes} bytes. Move it into a script`);
  }
  if (/[\p{Cc}\p{Cs}]/u.test(command.replaceAll('\t', ' '))) {
    throw refuse(number, `the command of ${type} has a control character. Remove it`);
  }
  return { type, command };
}

function refuse(line: number, problem: string): ShipwayError {
  return new ShipwayError('invalid_params', `Cannot read the Procfile: line ${line}: ${problem}.`);
}
