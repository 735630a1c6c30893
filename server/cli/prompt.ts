import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from './cli-error.ts';
import type { Terminal } from './terminal.ts';

/** Asks on stderr. `isHidden`: nothing of the answer is shown. @throws CliError when there is nobody to ask. */
export async function ask(
  { stdin, stderr, isInteractive }: Terminal,
  question: string,
  { isHidden = false }: { readonly isHidden?: boolean } = {},
): Promise<string> {
  if (!isInteractive) {
    throw new CliError(`Cannot ask for "${question}": this is no terminal.`, { exitCode: 2 });
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: isHidden ? silent : stderr, terminal: true });
  // Only now, when the terminal shows no more what is typed, may somebody begin to.
  if (isHidden) stderr.write(`${question}: `);
  const left = new AbortController();
  // Ctrl-C and Ctrl-D are answers too.
  reader.once('SIGINT', () => left.abort());
  reader.once('close', () => left.abort());
  try {
    return await reader.question(isHidden ? '' : `${question}: `, { signal: left.signal });
  } catch {
    throw new CliError('Canceled.', { exitCode: 130 });
  } finally {
    reader.close();
    if (isHidden) stderr.write('\n');
  }
}
