import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environment } from './platform/environment.ts';
import { readPlatform, readSecrets } from './platform/platform-file.ts';
import { findProcess, isAlive, type ProcessFile, writeProcessFile } from './platform/process-file.ts';
import { nodeProgram, nodePrograms, type Program, postgresProgram, programEnvironment } from './platform/programs.ts';
import { collectStartGarbage } from './platform/start-garbage.ts';
import { baseStep, writeStatus } from './platform/status-file.ts';

/**
 * Starts the programs of one platform and starts again what dies. It leaves them running when it ends itself: `shipway down` ends them,
 * and a new supervisor takes them over by their pid files.
 */
const data = process.argv[2];
if (data === undefined) throw new Error('Usage: supervisor.ts <data folder>');

// Not imported: an ES import evaluates all that node:http exports, undici with HTTP/2 and TLS among it, 14 MB resident.
const { get } = process.getBuiltinModule('node:http');

const logLimitBytes = 10 * 2 ** 20;
const longestPauseMs = 10_000;

const logPath = (name: string) => join(data, 'logs', 'programs', `${name}.log`);
const note = (text: string) => process.stdout.write(`${new Date().toISOString()} ${text}\n`);

async function rotateLog(name: string): Promise<void> {
  const size = await stat(logPath(name)).then(
    (found) => found.size,
    () => 0,
  );
  if (size > logLimitBytes) await rename(logPath(name), `${logPath(name)}.1`);
}

/** Started in a session of its own and writing to its own log file, so that it lives on without us. Resolves when it has ended. */
async function runToEnd(program: Program): Promise<void> {
  await rotateLog(program.name);
  const log = openSync(logPath(program.name), 'a', 0o640);
  const child = spawn(program.command, program.args, {
    cwd: program.cwd ?? '/',
    env: program.env,
    detached: true,
    stdio: ['ignore', log, log],
    ...(program.uid === undefined ? {} : { uid: program.uid, gid: program.gid }),
  });
  closeSync(log);
  child.on('error', (error) => note(`${program.name}: ${error.message}`));
  if (child.pid === undefined) return;
  const exit = once(child, 'exit');
  await writeProcessFile(data as string, program.name, child.pid);
  await exit;
}

/** A program that an earlier supervisor started: no child of ours, so there is nothing to wait for but its end in /proc. */
async function ended(file: ProcessFile): Promise<void> {
  while (isAlive(file)) await sleep(100);
}

/** Keeps one program up: at once after its first death, then with growing pauses until it has stayed up for a minute. */
async function keepUp(program: Program): Promise<never> {
  let pauseMs = 0;
  let file = await findProcess(data as string, program.name);
  for (;;) {
    const startedAt = Date.now();
    await (file ? ended(file) : runToEnd(program));
    if (Date.now() - startedAt > 60_000) pauseMs = 0;
    note(`${program.name} ended; starting it again in ${pauseMs} ms (its log: ${logPath(program.name)})`);
    await sleep(pauseMs);
    pauseMs = Math.min(longestPauseMs, Math.max(250, pauseMs * 2));
    file = undefined;
  }
}

/** A program that does its work and ends, e.g. migrations. Its output is the progress that `up` shows. */
async function runOnce(program: Program): Promise<void> {
  const log = await open(logPath(program.name), 'a');
  const child = spawn(program.command, program.args, { cwd: '/', env: program.env, stdio: ['ignore', log.fd, log.fd] });
  const [code] = await once(child, 'exit');
  await log.close();
  if (code !== 0) throw new Error(`Cannot prepare the platform: see ${logPath(program.name)}.`);
}

/** The whole way, through the router: any answer of the server counts, e.g. that one must sign in. */
function platformAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/platform', timeout: 1_000, agent: false }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 500);
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', () => resolve(false));
  });
}

async function main(folder: string): Promise<void> {
  const platform = await readPlatform(folder);
  if (!platform) throw new Error(`Cannot start: ${folder} holds no platform. Run shipway up --data ${folder}.`);
  const secrets = await readSecrets(folder);
  const options = { data: folder, platform, secrets, env: environment };
  await writeStatus(folder, { state: 'starting', step: 'PostgreSQL' });
  const postgres = await postgresProgram(options);
  if (postgres) void keepUp(postgres);
  const env = programEnvironment(options);
  await writeStatus(folder, { state: 'starting', step: baseStep });
  await runOnce(nodeProgram('prepare', 'server/prepare.ts', env));
  await writeStatus(folder, { state: 'starting', step: 'Router, server, worker' });
  for (const program of nodePrograms(env)) void keepUp(program);
  while (!(await platformAnswers(platform.port))) await sleep(50);
  await writeStatus(folder, { state: 'up' });
  collectStartGarbage();
  note('up');
}

// Its programs stay: ending them is for `shipway down` to decide.
process.once('SIGTERM', () => process.exit(0));
process.once('SIGINT', () => process.exit(0));

main(data).catch(async (error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  note(message);
  await writeStatus(data, { state: 'failed', message });
  process.exit(1);
});
