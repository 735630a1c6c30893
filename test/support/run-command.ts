import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly input?: string | undefined;
}

/** A command that is under way: its output so far, and its end. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly done: Promise<CommandResult>;
}

export function startCommand(command: string, args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  // A command that ends without reading its input is no error.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const finish = async () => {
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return { exitCode: typeof code === 'number' ? code : 128, stdout, stderr };
  };
  return { child, stderr: () => stderr, done: finish() };
}

export function runCommand(command: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return startCommand(command, args, options).done;
}
