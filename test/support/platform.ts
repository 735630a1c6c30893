import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeEngineLeftovers } from './engine-leftovers.ts';
import { type CommandResult, type RunningCommand, runCommand, startCommand } from './run-command.ts';
import { seedStore } from './seed-store.ts';

const launcher = join(import.meta.dirname, '..', '..', 'shipway');

/** A platform of its own for tests: real programs, real engine, own data folder and port. */
export interface TestPlatform {
  readonly url: string;
  readonly port: number;
  readonly data: string;
  /** The first user's. */
  readonly token: string;
  /** Environment of a user of this platform, with a home folder of its own; git finds the first user's token there. */
  readonly env: NodeJS.ProcessEnv;
  /** For repositories and other files of the tests; removed with the platform. */
  readonly folder: string;
  /** Runs `shipway ...` against it. */
  readonly shipway: (
    args: readonly string[],
    options?: { readonly cwd?: string; readonly input?: string },
  ) => Promise<CommandResult>;
  readonly git: (args: readonly string[], cwd: string) => Promise<CommandResult>;
  /** The same while it runs. */
  readonly startGit: (args: readonly string[], cwd: string) => RunningCommand;
  readonly api: (
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ) => Promise<{ readonly status: number; readonly body: unknown }>;
  /** `shipway up` with the settings that it was started with. @throws Error with its output. */
  readonly up: () => Promise<CommandResult>;
  /** The log of one of its programs. */
  readonly programLog: (name: string) => Promise<string>;
  /** Ends it and removes its data. */
  readonly down: () => Promise<void>;
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

/** As curl and git read it: they send what it holds once they are asked (401). */
async function writeNetrc(home: string, token: string): Promise<void> {
  await writeFile(join(home, '.netrc'), `machine localhost login shipway password ${token}\n`, { mode: 0o600 });
}

function userEnvironment(home: string, url: string, data: string): NodeJS.ProcessEnv {
  return {
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
}

function createApiCaller(url: string, ownToken: string): TestPlatform['api'] {
  return async (method, path, body, token = ownToken) => {
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
  };
}

async function programLogs(data: string): Promise<string> {
  const folder = join(data, 'logs', 'programs');
  const names = await readdir(folder).catch(() => []);
  const logs = names.map(async (name) => `== ${name}\n${(await readFile(join(folder, name), 'utf8')).slice(-2_000)}`);
  return (await Promise.all(logs)).join('\n');
}

/** @param options.env Settings of the platform, e.g. `{ SHIPWAY_BOOT_TIMEOUT_S: '5' }`. */
export async function startPlatform(options: { readonly env?: NodeJS.ProcessEnv } = {}): Promise<TestPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'shipway-e2e-'));
  const data = join(folder, 'data');
  const home = join(folder, 'home');
  const port = await freePort();
  const env = { ...process.env, ...options.env };
  const end = async () => {
    const ended = await runCommand(launcher, ['down', '--data', data], { env });
    if (ended.exitCode !== 0) throw new Error(`down failed: ${ended.stdout}${ended.stderr}`);
    await removeEngineLeftovers(data);
    await rm(folder, { recursive: true, force: true });
  };
  const up = async () => {
    const started = await runCommand(launcher, ['up', '--detach', '--port', String(port), '--data', data], { env });
    if (started.exitCode === 0) return started;
    const logs = await programLogs(data);
    throw new Error(`up failed: ${started.stdout}${started.stderr}\n${logs}`);
  };
  await mkdir(home);
  await seedStore(data);
  await up().catch(async (error: unknown) => {
    await end().catch(() => undefined);
    throw error;
  });
  const token = (await readFile(join(data, 'secrets', 'first-user-token'), 'utf8')).trim();
  await writeNetrc(home, token);
  const url = `http://localhost:${port}`;
  const userEnv = userEnvironment(home, url, data);
  const startGit: TestPlatform['startGit'] = (args, cwd) => startCommand('git', args, { cwd, env: userEnv });
  return {
    url,
    port,
    data,
    token,
    env: userEnv,
    folder,
    shipway: (args, extra = {}) => runCommand(launcher, args, { env: userEnv, ...extra }),
    git: (args, cwd) => startGit(args, cwd).done,
    startGit,
    api: createApiCaller(url, token),
    up,
    programLog: (name) => readFile(join(data, 'logs', 'programs', `${name}.log`), 'utf8'),
    down: end,
  };
}
