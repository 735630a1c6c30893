import { CliError } from './cli-error.ts';
import { runProgram } from './program.ts';
import { note, processTerminal, safeText } from './terminal.ts';

const terminal = processTerminal();

function printError(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  const lines = safeText(message).split('\n');
  for (const line of lines) note(terminal, ` ▸    ${line}`);
  if (!(error instanceof CliError)) return 1;
  if (error.hint !== undefined) note(terminal, ` ▸    ${safeText(error.hint)}`);
  return error.exitCode;
}

// `shipway logs | head`: the reader has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

// Not process.exit: what was written last may not have left yet.
process.exitCode = await runProgram(process.argv.slice(2), terminal).catch(printError);
