import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDashboard } from '../../platform/dashboard-build.ts';
import { installPackages } from '../../platform/debian-packages.ts';
import { bringEngine, endOwnEngine } from '../../platform/docker-daemon.ts';
import { environment } from '../../platform/environment.ts';
import { anyPlatformRuns, registerProcess } from '../../platform/registered-platforms.ts';
import { run as runCommand } from '../../platform/run.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const say = (line: string) => process.stdout.write(`-----> ${line}\n`);

/** What the tests use besides what `up` brings, as command -> Debian package. */
const tools = {
  git: 'git',
  mmdebstrap: 'mmdebstrap',
  chromium: 'chromium',
  curl: 'curl',
  busybox: 'busybox-static',
  'docker-compose': 'docker-compose',
  'redis-server': 'redis-server',
};

async function bringTools(): Promise<void> {
  const lacking: string[] = [];
  for (const [command, name] of Object.entries(tools)) {
    if ((await runCommand('sh', ['-c', `command -v ${command}`])).exitCode !== 0) lacking.push(name);
  }
  if (lacking.length === 0) return;
  say(`Installing ${lacking.join(', ')}`);
  await installPackages(lacking, lacking.join(', '));
}

async function runShown(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...environment, ...env },
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

async function countResults(report: string): Promise<{ readonly passed: number; readonly failed: number }> {
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, success } = JSON.parse(text);
  // A file that could not even be loaded has no failed test of its own.
  return { passed: numPassedTests, failed: success ? 0 : Math.max(numFailedTests, 1) };
}

/** Brings what lacks, checks the sources and runs the suite. Ends with `N passed, N failed`. Answers the exit code. */
export async function run(options: { readonly filters: readonly string[] }): Promise<number> {
  await bringTools();
  await bringEngine(say);
  const registered = await registerProcess(process.pid);
  await buildDashboard(say);
  const folder = await mkdtemp(join(tmpdir(), 'shipway-test-'));
  const report = join(folder, 'report.json');
  let failedChecks = 0;
  if (options.filters.length === 0) {
    say('Checking sources: Biome, tsc, layers, knip');
    failedChecks = (await runShown('npm', ['run', '--silent', 'check'])) === 0 ? 0 : 1;
  }
  say('Running the tests');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  await runShown(process.execPath, [
    vitest,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...options.filters,
  ]);
  const { passed, failed } = await countResults(report);
  await rm(folder, { recursive: true });
  await registered.forget();
  if (await endOwnEngine(await anyPlatformRuns())) say('Stopped Docker Engine, which was started for the tests');
  process.stdout.write(`${passed} passed, ${failed + failedChecks} failed\n`);
  return failed + failedChecks === 0 ? 0 : 1;
}
