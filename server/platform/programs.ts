import { join } from 'node:path';
import type { Environment } from './environment.ts';
import type { Platform, Secrets } from './platform-file.ts';
import { postgresUrl, preparePostgres } from './postgres.ts';

/** A program of the platform: what the supervisor starts, and in which order `down` ends them (the other way round). */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The root folder by default. */
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly stop: { readonly signal: NodeJS.Signals; readonly graceMs: number };
}

const root = join(import.meta.dirname, '..', '..');

/** Variables of the caller that its programs keep: their own settings, the engine's, and those that say how this site reaches the registries. */
const passedOn =
  /^(SHIPWAY_|DOCKER_|NODE_COMPILE_CACHE$|PATH$|HOME$|LANG$|TZ$|REDIS_URL$|DATABASE_URL$|NODE_EXTRA_CA_CERTS$|SSL_CERT_|[a-z_]*proxy$|[A-Z_]*PROXY$|npm_config_)/;

/** Mirrors and proxies that builds are to use, in the variables that the ecosystems' own clients know. */
const mirrorNames =
  /^(npm_config_registry|PIP_INDEX_URL|PIP_EXTRA_INDEX_URL|UV_INDEX_URL|GOPROXY|GONOSUMDB|GOFLAGS|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy)$/;

function pick(env: Environment, names: RegExp): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (names.test(name) && value ? [[name, value]] : [])),
  );
}

/** The environment of all programs of a platform: the caller's settings win over what `up` works out. */
export function programEnvironment(options: {
  readonly data: string;
  readonly platform: Platform;
  readonly secrets: Secrets;
  readonly env: Environment;
}): Record<string, string> {
  const { data, platform, secrets, env } = options;
  const caFile = env.NODE_EXTRA_CA_CERTS ?? env.SSL_CERT_FILE;
  return {
    DATABASE_URL: postgresUrl(platform.postgresPort, secrets.postgresPassword),
    ...(caFile ? { SHIPWAY_BUILD_CA_FILE: caFile } : {}),
    SHIPWAY_BUILD_ENV: JSON.stringify(pick(env, mirrorNames)),
    ...pick(env, passedOn),
    SHIPWAY_DATA: data,
    SHIPWAY_PLATFORM_ID: platform.id,
    SHIPWAY_PORT: String(platform.port),
    SHIPWAY_DOMAIN: platform.domain,
    SHIPWAY_SERVER_PORT: String(platform.serverPort),
    SHIPWAY_ROUTER_TOKEN: secrets.routerToken,
    SHIPWAY_ENGINE_TOKEN: secrets.engineToken,
    SHIPWAY_SECRET_KEY: secrets.secretKey,
  };
}

/**
 * A small young generation: these programs hold little, and what is resident counts more than collections saved. `gc` is for start-garbage.ts.
 * The same for all, since V8 keeps its compiled code apart by such flags.
 */
export const nodeArgs = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', '--expose-gc'];

/** glibc gives each thread an arena of its own to allocate from, up to eight a core; each keeps what it once had. */
const nodeEnv = { MALLOC_ARENA_MAX: '2' };

export function nodeProgram(name: string, entry: string, env: Readonly<Record<string, string>>): Program {
  return {
    name,
    command: process.execPath,
    args: [...nodeArgs, join(root, entry)],
    env: { ...nodeEnv, ...env },
    stop: { signal: 'SIGTERM', graceMs: name === 'router' ? 5_000 : 10_000 },
  };
}

/** PostgreSQL as a program; undefined where DATABASE_URL names another. */
export async function postgresProgram(options: {
  readonly data: string;
  readonly platform: Platform;
  readonly secrets: Secrets;
  readonly env: Environment;
}): Promise<Program | undefined> {
  const { data, platform, secrets, env } = options;
  if (env.DATABASE_URL) return undefined;
  const prepared = await preparePostgres({
    folder: join(data, 'postgres'),
    port: platform.postgresPort,
    password: secrets.postgresPassword,
  });
  // SIGINT is PostgreSQL's fast shutdown: sessions end, nothing is lost.
  return { name: 'postgres', env: { PATH: '/usr/bin:/bin' }, stop: { signal: 'SIGINT', graceMs: 10_000 }, ...prepared };
}

/** In the order in which they start. */
export const programNames = ['postgres', 'router', 'server', 'worker'] as const;

/** The router meets the world's bytes: it gets none of the server's secrets. */
const serverAlone = new Set(['DATABASE_URL', 'REDIS_URL', 'SHIPWAY_SECRET_KEY', 'SHIPWAY_ENGINE_TOKEN']);

export function nodePrograms(env: Readonly<Record<string, string>>): readonly Program[] {
  const routerEnv = Object.fromEntries(Object.entries(env).filter(([name]) => !serverAlone.has(name)));
  return [
    nodeProgram('router', 'runtime/router/main.ts', routerEnv),
    nodeProgram('server', 'server/main.ts', env),
    nodeProgram('worker', 'server/worker.ts', env),
  ];
}
