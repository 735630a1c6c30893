import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export type GitProcess = ChildProcessByStdio<Writable, Readable, Readable>;

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A git that runs longer than this is stuck: the longest, the check of a first push of millions of objects, takes minutes. */
const timeoutMs = 15 * 60_000;

/**
 * The whole environment of a git child: nothing of this process's own, so that no GIT_DIR, GIT_CONFIG or editor of whoever
 * started the server decides what happens here. Repositories restored from a backup may belong to another user; every path
 * that git is given is one of ours, so the owner check (safe.directory, which only protected configuration may set) is off.
 */
function environment(repositoryPath: string, extra: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_DIR: repositoryPath,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    GIT_TERMINAL_PROMPT: '0',
    ...extra,
  };
}

/** Starts git in a repository. The caller reads both outputs, and kills it when it is no longer needed. */
export function spawnGit(
  repositoryPath: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>> | undefined;
    readonly timeoutMs?: number;
  } = {},
): GitProcess {
  return spawn('git', args, {
    cwd: '/',
    env: environment(repositoryPath, options.env ?? {}),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  });
}

/** Runs git to its end. @throws Error when it cannot be started or was killed; an exit code is the caller's to judge. */
export function runGit(
  repositoryPath: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: Readonly<Record<string, string>> | undefined } = {},
): Promise<GitResult> {
  const child = spawnGit(repositoryPath, args, { env: options.env, timeoutMs });
  const stdout: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  // A git that dies before it has read its input says why on stderr: the broken pipe itself is no news.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return gitEnded(child, args).then(({ exitCode, stderr }) => ({ exitCode, stdout: Buffer.concat(stdout), stderr }));
}

/** Waits for the end of a git, with the last 8 KiB that it complained. */
export function gitEnded(
  child: GitProcess,
  args: readonly string[],
): Promise<{ readonly exitCode: number; readonly stderr: string }> {
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('latin1')).slice(-8192);
  });
  const ended = new Promise<{ readonly exitCode: number; readonly stderr: string }>((resolve, reject) => {
    child.once('error', (error) => {
      reject(new Error(`Cannot run git: ${error.message}. Install git 2.36 or later.`, { cause: error }));
    });
    child.once('close', (exitCode, signal) => {
      if (exitCode !== null) resolve({ exitCode, stderr });
      else reject(new Error(`git ${args.join(' ')} was ended by ${signal}: ${stderr.trim()}`));
    });
  });
  // Callers feed the process before they look how it ended: until then nobody listens, and that is no crash.
  ended.catch(() => undefined);
  return ended;
}

/** An Error for the log from a git that should have worked. */
export function gitFailure(args: readonly string[], result: { readonly exitCode: number; readonly stderr: string }) {
  return new Error(`git ${args.join(' ')} ended with ${result.exitCode}: ${result.stderr.trim()}`);
}
