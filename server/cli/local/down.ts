import { endOwnEngine } from '../../platform/docker-daemon.ts';
import { environment } from '../../platform/environment.ts';
import { readPlatform, readSecrets } from '../../platform/platform-file.ts';
import { endProcess, findProcess } from '../../platform/process-file.ts';
import { nodeProgram, programEnvironment, programNames } from '../../platform/programs.ts';
import { anyPlatformRuns, forgetPlatform } from '../../platform/registered-platforms.ts';
import { run as runCommand } from '../../platform/run.ts';
import { dataFolder } from './data-folder.ts';

const say = (line: string) => process.stdout.write(`-----> ${line}\n`);

async function removeContainers(data: string): Promise<void> {
  const platform = await readPlatform(data);
  if (!platform) return;
  const env = programEnvironment({ data, platform, secrets: await readSecrets(data), env: environment });
  const { command, args } = nodeProgram('tear-down', 'server/tear-down.ts', env);
  const result = await runCommand(command, args, { env });
  if (result.exitCode !== 0) throw new Error(`Cannot stop the apps' containers: ${result.stderr.trim()}`);
}

/** Ends all that `up` started for this data folder and nothing else. The data stays. Answers the exit code. */
export async function run(options: { readonly data?: string }): Promise<number> {
  const data = dataFolder(options.data);
  if (!(await readPlatform(data))) {
    process.stderr.write(` !    No platform in ${data}. Give its folder: shipway down --data DIR\n`);
    return 1;
  }
  // First who would start the others again.
  await endProcess(data, 'supervisor', { signal: 'SIGTERM', graceMs: 5_000 });
  for (const name of ['worker', 'server', 'router']) {
    if (await findProcess(data, name)) say(`Stopping ${name}`);
    await endProcess(data, name, { signal: 'SIGTERM', graceMs: 10_000 });
  }
  say("Stopping the apps' containers");
  await removeContainers(data);
  await endProcess(data, 'postgres', { signal: 'SIGINT', graceMs: 15_000 });
  await forgetPlatform(data);
  if (await endOwnEngine(await anyPlatformRuns())) say('Stopped Docker Engine, which shipway up had started');
  process.stdout.write(`Shipway is down. Its data stays in ${data}.\n`);
  return 0;
}

/** The programs of a platform, for `status`. */
export const statusNames = ['supervisor', ...programNames] as const;
