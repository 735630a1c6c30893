import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../../../server/domain/app.ts';
import { ShipwayError } from '../../../server/domain/error.ts';
import {
  type Push,
  type PushReceiver,
  type RefResult,
  type Repositories,
  zeroOid,
} from '../../../server/domain/git.ts';
import type { User } from '../../../server/domain/user.ts';
import { createGitHandler, type GitHandlerOptions } from '../../../server/git/git-handler.ts';
import { createRepositories } from '../../../server/git/repositories.ts';

const epoch = new Date(0);
const users: Readonly<Record<string, User>> = {
  'ann-token': { id: randomUUID(), email: 'ann@example.com', createdAt: epoch },
  'bob-token': { id: randomUUID(), email: 'bob@example.com', createdAt: epoch },
};

/** The git room behind a real HTTP server, with a receiver that moves refs at once. */
export interface GitServer {
  /** An address with a token in it. */
  url(app: string, token?: string): string;
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  readonly root: string;
  readonly repositories: Repositories;
  readonly pushes: Push[];
  readonly logged: string[];
  /** Path of an app's repository, which the app need not have yet. */
  repositoryOf(app: string): string;
  appId(name: string): string;
  close(): Promise<void>;
}

export async function startGitServer(
  options: Partial<Pick<GitHandlerOptions, 'maxPackBytes' | 'stallTimeoutMs' | 'keepAliveMs'>> & {
    readonly receive?: (push: Push, tell: (line: string) => void, repositories: Repositories) => Promise<RefResult[]>;
  } = {},
): Promise<GitServer> {
  const root = await mkdtemp(join(tmpdir(), 'shipway-git-'));
  const repositories = createRepositories({ root });
  const apps = new Map<string, App>();
  const pushes: Push[] = [];
  const logged: string[] = [];
  const receive = options.receive ?? moveRefs;
  const receiver: PushReceiver = {
    receive(push, tell) {
      pushes.push(push);
      return receive(push, tell, repositories);
    },
  };
  const handler = createGitHandler({
    maxPackBytes: 2 ** 30,
    ...options,
    repositories,
    receiver,
    authenticate: async ({ headers }) => users[passwordOf(headers.authorization)],
    findApp: async (user, name, { create }) => ({ app: findApp(apps, user, name, create) }),
    log: (text) => logged.push(text),
    clock: () => new Date(),
  });
  const server = createServer({ requestTimeout: 0 }, handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const appId = (name: string) => apps.get(name)?.id ?? '';
  return {
    url: (app, token = 'ann-token') => `http://any:${token}@127.0.0.1:${port}/${app}.git`,
    origin: `http://127.0.0.1:${port}`,
    root,
    repositories,
    pushes,
    logged,
    repositoryOf: (app) => repositories.pathOf(appId(app)),
    appId,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Says what it does, then does it: all or none for `--atomic`. */
async function moveRefs(push: Push, tell: (line: string) => void, repositories: Repositories): Promise<RefResult[]> {
  for (const option of push.options) tell(`option ${option}`);
  tell(`${push.commands.length} commands`);
  const stale = { ok: false, reason: 'stale' } as const;
  if (push.atomic) {
    const moved = await repositories.updateRefs(push.appId, push.commands);
    return push.commands.map(({ ref }) => (moved ? { ref, ok: true } : { ref, ...stale }));
  }
  const results: RefResult[] = [];
  for (const command of push.commands) {
    const refused = command.ref.endsWith('/refused') && command.newOid !== zeroOid;
    const moved = !refused && (await repositories.updateRef(push.appId, command));
    results.push(moved ? { ref: command.ref, ok: true } : { ref: command.ref, ...stale });
  }
  return results;
}

function findApp(apps: Map<string, App>, user: User, name: string, create: boolean): App {
  const found = apps.get(name);
  if (found === undefined && !create) {
    throw new ShipwayError('not_found', `No app is called ${name}. Push to it to make it.`, { resource: 'app' });
  }
  const app = found ?? {
    id: randomUUID(),
    name,
    ownerId: user.id,
    ownerEmail: user.email,
    maintenance: false,
    createdAt: epoch,
    updatedAt: epoch,
  };
  if (app.ownerId !== user.id) throw new ShipwayError('forbidden', `App ${name} belongs to somebody else.`);
  apps.set(name, app);
  return app;
}

function passwordOf(authorization = ''): string {
  const credentials = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  return credentials.slice(credentials.indexOf(':') + 1);
}

export interface GitRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real client, with nothing of this machine's configuration. */
export function git(cwd: string, ...args: string[]): Promise<GitRun> {
  return new Promise((resolve) => {
    const child = execFile('git', args, { cwd, env: clientEnvironment, maxBuffer: 2 ** 28 }, (_, stdout, stderr) =>
      resolve({ exitCode: child.exitCode ?? -1, stdout: stdout.trim(), stderr }),
    );
  });
}

/** The same for what must work. */
export async function mustGit(cwd: string, ...args: string[]): Promise<string> {
  const run = await git(cwd, ...args);
  if (run.exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${run.stderr}`);
  return run.stdout;
}

export const clientEnvironment = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Ann',
  GIT_AUTHOR_EMAIL: 'ann@example.com',
  GIT_COMMITTER_NAME: 'Ann',
  GIT_COMMITTER_EMAIL: 'ann@example.com',
};
