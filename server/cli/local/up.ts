import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compilePrograms } from '../../platform/compile/compile-programs.ts';
import { buildDashboard } from '../../platform/dashboard-build.ts';
import { installPackages } from '../../platform/debian-packages.ts';
import { bringEngine } from '../../platform/docker-daemon.ts';
import { environment } from '../../platform/environment.ts';
import { type Platform, platformUrl, readPlatform } from '../../platform/platform-file.ts';
import { isPortFree, preparePlatform } from '../../platform/prepare-platform.ts';
import { findProcess, writeProcessFile } from '../../platform/process-file.ts';
import { nodeArgs } from '../../platform/programs.ts';
import { registerPlatform } from '../../platform/registered-platforms.ts';
import { run as runCommand } from '../../platform/run.ts';
import { baseStep, readStatus } from '../../platform/status-file.ts';
import { withUpLock } from '../../platform/up-lock.ts';
import { dataFolder } from './data-folder.ts';
import { run as down, statusNames } from './down.ts';

export interface UpOptions {
  readonly detach?: boolean;
  readonly port?: number;
  readonly data?: string;
  readonly domain?: string;
}

const supervisorEntry = join(import.meta.dirname, '..', '..', 'supervisor.ts');
const startedAt = Date.now();

function say(line: string): void {
  process.stdout.write(
    `-----> ${line}${Date.now() - startedAt > 1_000 ? ` (${((Date.now() - startedAt) / 1000).toFixed(0)} s)` : ''}\n`,
  );
}

async function bringTools(): Promise<void> {
  const lacking: string[] = [];
  if ((await runCommand('git', ['--version'])).exitCode !== 0) lacking.push('git');
  const hasImage = environment.SHIPWAY_BASE_IMAGE !== undefined;
  if (!hasImage && (await runCommand('mmdebstrap', ['--version'])).exitCode !== 0)
    lacking.push('mmdebstrap', 'debian-archive-keyring');
  if (lacking.length === 0) return;
  say(`Installing ${lacking.join(', ')}`);
  await installPackages(lacking, lacking.join(', '));
}

/** Lives on without us; everything it has to say goes to its log and to the status file. */
async function startSupervisor(data: string): Promise<void> {
  await rm(join(data, 'run', 'status.json'), { force: true });
  const log = await open(join(data, 'logs', 'programs', 'supervisor.log'), 'a', 0o640);
  const child = spawn(process.execPath, [...nodeArgs, supervisorEntry, data], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  await log.close();
  if (child.pid !== undefined) await writeProcessFile(data, 'supervisor', child.pid);
}

async function lastLine(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').at(-1) || undefined;
}

/** Shows the steps as the supervisor takes them, and what the long one of them says. */
async function followStart(data: string): Promise<void> {
  let shown = '';
  let detail: string | undefined;
  for (;;) {
    const status = await readStatus(data);
    if (status?.state === 'up') return;
    if (status?.state === 'failed') throw new Error(status.message);
    if (!(await findProcess(data, 'supervisor'))) {
      throw new Error(
        `The supervisor ended before the platform was up. See ${join(data, 'logs', 'programs', 'supervisor.log')}.`,
      );
    }
    if (status && status.step !== shown) {
      shown = status.step;
      say(shown);
    }
    const line = await lastLine(join(data, 'logs', 'programs', 'prepare.log'));
    if (shown === baseStep && line !== detail) process.stdout.write(`       ${line}\n`);
    detail = line;
    await sleep(50);
  }
}

async function launcherName(): Promise<string> {
  const launcher = environment.SHIPWAY_LAUNCHER ?? 'shipway';
  const onPath = await runCommand('sh', ['-c', 'command -v shipway']);
  return onPath.exitCode === 0 && onPath.stdout.trim() !== '' ? 'shipway' : launcher;
}

async function describe(data: string, platform: Platform): Promise<string> {
  const url = platformUrl(platform);
  const shipway = await launcherName();
  const flag = data === dataFolder(undefined) ? '' : ` --data ${data}`;
  return `
Shipway is up.

  Dashboard   ${url}
  API         ${url}            (token: ${shipway} token${flag})
  Git         ${url}/<app>.git
  Apps        ${url.replace('://', '://<app>.')}
  Sign in     with the token above, or the e-mail and password in ${join(data, 'secrets', 'first-user')}

Next, in your app's folder:

  ${shipway} login${flag}
  ${shipway} create hello
  git push shipway main
${platform.domain === 'localhost' ? '\nBrowsers and curl find <app>.localhost by themselves; where a program does not, add it to /etc/hosts as 127.0.0.1.\n' : ''}`;
}

/** The platform of this folder while programs of it run, with or without a supervisor: then its ports are not to be chosen anew. */
async function findRunning(data: string): Promise<Platform | undefined> {
  const programs = await Promise.all(statusNames.map((name) => findProcess(data, name)));
  return programs.some((program) => program !== undefined) ? readPlatform(data) : undefined;
}

async function prepare(data: string, options: UpOptions): Promise<Platform> {
  return preparePlatform(data, {
    ...(options.port ? { port: options.port } : {}),
    ...(options.domain ? { domain: options.domain } : {}),
  });
}

async function checkPort(data: string, { port }: Platform): Promise<void> {
  if ((await isPortFree(port, '0.0.0.0')) || (await findProcess(data, 'router'))) return;
  throw new Error(
    `Cannot listen on port ${port}: something else does. End it, or choose another port: shipway up --port 8090.`,
  );
}

/** In the foreground: until Ctrl-C or SIGTERM, then everything is taken down. */
function stayUp(data: string): Promise<number> {
  process.stdout.write('Ctrl-C takes it down; --detach leaves it running.\n');
  return new Promise((resolve) => {
    const stop = () => {
      clearInterval(idle);
      resolve(down({ data }));
    };
    const idle = setInterval(() => undefined, 2 ** 30);
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}

interface Started {
  readonly platform: Platform;
  /** A supervisor was there already. */
  readonly supervised: boolean;
}

async function start(data: string, options: UpOptions): Promise<Started> {
  const supervised = (await findProcess(data, 'supervisor')) !== undefined;
  const running = await findRunning(data);
  if (
    running &&
    ((options.port ?? running.port) !== running.port || (options.domain ?? running.domain) !== running.domain)
  ) {
    throw new Error(
      `It is up on ${platformUrl(running)}. To change port or domain, first: shipway down --data ${data}`,
    );
  }
  await bringTools();
  await bringEngine(say);
  await buildDashboard(say);
  await compilePrograms();
  const platform = running ?? (await prepare(data, options));
  if (!supervised) {
    await checkPort(data, platform);
    await startSupervisor(data);
  }
  return { platform, supervised };
}

/** Brings up what lacks, starts the platform, says where it is. Running it again changes nothing. Answers the exit code. */
export async function run(options: UpOptions): Promise<number> {
  const data = dataFolder(options.data);
  const { platform, supervised } = await withUpLock(data, () => start(data, options));
  await registerPlatform(data);
  await followStart(data);
  process.stdout.write(await describe(data, platform));
  return options.detach || supervised ? 0 : stayUp(data);
}
