import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const launcher = join(root, 'shipway');

/** A platform of its own for tests: real programs, real engine, own data folder and port. */
export interface TestPlatform {
  readonly url: string;
  readonly port: number;
  readonly data: string;
  readonly token: string;
  /** Runs `shipway ...` against it, in `cwd`, with a home folder of its own. */
  readonly shipway: (
    args: readonly string[],
    options?: { readonly cwd?: string; readonly input?: string },
  ) => Promise<CommandResult>;
  readonly git: (args: readonly string[], cwd: string) => Promise<CommandResult>;
  /** Environment of a user of this platform. */
  readonly env: NodeJS.ProcessEnv;
  readonly api: (
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<{ readonly status: number; readonly body: unknown }>;
  readonly down: () => Promise<void>;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<CommandResult> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ['pipe', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  child.stdin.end(options.input ?? '');
  const [code] = await once(child, 'close');
  return { exitCode: code ?? 128, ...output };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Layers that every platform makes the same: made once for a run of the tests, then linked into each new data folder. */
const seedFolder = join(tmpdir(), 'shipway-test-store');

async function seedStore(data: string): Promise<void> {
  await mkdir(data, { recursive: true });
  if (existsSync(seedFolder)) await execute('cp', ['-al', seedFolder, join(data, 'store')]);
}

/** Only what a start alone makes, the base: taken before the platform is used. */
async function keepStore(data: string): Promise<void> {
  if (existsSync(seedFolder)) return;
  const temporary = `${seedFolder}-${process.pid}`;
  await execute('cp', ['-al', join(data, 'store'), temporary]);
  await rename(temporary, seedFolder).catch(() => rm(temporary, { recursive: true, force: true }));
}

export async function startPlatform(options: { readonly env?: NodeJS.ProcessEnv } = {}): Promise<TestPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'shipway-e2e-'));
  const data = join(folder, 'data');
  const home = join(folder, 'home');
  const port = await freePort();
  await seedStore(data);
  const platformEnv = { ...process.env, ...options.env };
  const { stdout } = await execute(launcher, ['up', '--detach', '--port', String(port), '--data', data], {
    env: platformEnv,
  });
  if (!stdout.includes('Shipway is up')) throw new Error(`up said: ${stdout}`);
  await keepStore(data);
  const token = (await execute(launcher, ['token', '--data', data])).stdout.trim();
  const url = `http://localhost:${port}`;
  await mkdir(home);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    SHIPWAY_URL: url,
    SHIPWAY_DATA: data,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  };
  return {
    url,
    port,
    data,
    token,
    env,
    shipway: (args, extra = {}) => runCommand(launcher, args, { env, ...extra }),
    git: (args, cwd) => runCommand('git', args, { cwd, env }),
    api: async (method, path, body) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          accept: 'application/vnd.heroku+json; version=3',
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    down: async () => {
      await execute(launcher, ['down', '--data', data]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
