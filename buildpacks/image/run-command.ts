import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Runs a program to its end, without a shell. Each line that it writes, to stdout or stderr, goes to `onLine`.
 * Resolves with its exit code: 127 when there is no such program, as shells have it, and 128 when a signal ended it.
 */
export type RunCommand = (
  command: string,
  args: readonly string[],
  options: { readonly onLine: (line: string) => void; readonly signal?: AbortSignal },
) => Promise<number>;

export const runCommand: RunCommand = (command, args, options) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.signal !== undefined && { signal: options.signal }),
    });
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', options.onLine);
    child.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve(127) : reject(error)));
    child.on('close', (code) => resolve(code ?? 128));
  });
