import { spawn } from 'node:child_process';
import { access, mkdir, open, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages } from './debian-packages.ts';
import { environment } from './environment.ts';
import { writeWhole } from './platform-file.ts';
import { isAlive, type ProcessFile } from './process-file.ts';
import { run } from './run.ts';

/** Where a dockerd that Shipway itself started is noted, for all platforms of the machine. */
const stateFolder = '/run/shipway';
const daemonFile = `${stateFolder}/dockerd.json`;
const daemonLog = '/var/log/shipway-dockerd.log';
const startTimeoutMs = 60_000;

function engineHost(): string {
  return environment.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
}

/** Whether a Docker-compatible engine answers. */
function engineAnswers(host: string): Promise<boolean> {
  const url = new URL(host.replace(/^tcp:/, 'http:'));
  const target =
    url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: url.port || 2375 };
  return new Promise((resolve) => {
    const ping = request({ ...target, path: '/_ping', timeout: 3_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy(new Error('timeout')));
    ping.on('error', () => resolve(false));
    ping.end();
  });
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function hasServiceManager(): Promise<boolean> {
  return exists('/run/systemd/system');
}

async function waitForEngine(host: string): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (!(await engineAnswers(host))) {
    if (Date.now() > deadline)
      throw new Error(`Docker Engine does not answer on ${host}. Its log: ${daemonLog}, or journalctl -u docker.`);
    await sleep(100);
  }
}

/** Started in a session of its own; the note in /run lets the last platform's `down` end it. */
async function spawnDaemon(): Promise<void> {
  await mkdir(stateFolder, { recursive: true });
  const log = await open(daemonLog, 'a', 0o640);
  const child = spawn('dockerd', [], { cwd: '/', detached: true, stdio: ['ignore', log.fd, log.fd] });
  child.on('error', () => undefined);
  child.unref();
  await log.close();
  if (child.pid === undefined)
    throw new Error('Cannot start dockerd. Install Docker Engine (apt-get install docker.io) and start it.');
  const stat = await readFile(`/proc/${child.pid}/stat`, 'latin1');
  const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  await writeWhole(daemonFile, JSON.stringify({ pid: child.pid, startTicks }), 0o644);
}

/** Uses the engine that runs; else starts the one that is installed; else installs Debian's. @throws Error that says what to install. */
export async function bringEngine(say: (line: string) => void): Promise<void> {
  const host = engineHost();
  if (await engineAnswers(host)) return;
  if (environment.DOCKER_HOST && environment.DOCKER_HOST !== 'unix:///var/run/docker.sock') {
    throw new Error(`Cannot reach the engine that DOCKER_HOST names (${host}). Start it, or unset DOCKER_HOST.`);
  }
  if ((await run('dockerd', ['--version'])).exitCode !== 0) {
    say('Installing Docker Engine (docker.io)');
    await installPackages(['docker.io', 'iptables'], 'Docker Engine');
  }
  say('Starting Docker Engine');
  if (await hasServiceManager()) await run('systemctl', ['start', 'docker']);
  else if (process.getuid?.() === 0) await spawnDaemon();
  else throw new Error('Cannot start dockerd: that needs root. Start Docker Engine, then run this again.');
  await waitForEngine(host);
}

async function ownDaemon(): Promise<ProcessFile | undefined> {
  const text = await readFile(daemonFile, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const file = JSON.parse(text) as ProcessFile;
  return isAlive(file) ? file : undefined;
}

/** Ends a dockerd that `up` started, unless something still runs in it: another platform's containers, or anybody's. */
export async function endOwnEngine(otherPlatformsRun: boolean): Promise<boolean> {
  const daemon = await ownDaemon();
  if (!daemon || otherPlatformsRun) return false;
  const running = await run('docker', ['ps', '--quiet']);
  if (running.exitCode !== 0 || running.stdout.trim() !== '') return false;
  process.kill(daemon.pid, 'SIGTERM');
  while (isAlive(daemon)) await sleep(50);
  await rm(daemonFile, { force: true });
  return true;
}
