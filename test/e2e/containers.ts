import { readPlatform } from '../../server/platform/platform-file.ts';
import type { TestPlatform } from '../support/platform.ts';
import { runCommand } from '../support/run-command.ts';

/** Names of the platform's containers of that kind that run now. */
async function containerNames({ data }: TestPlatform, kind: 'instance' | 'job'): Promise<readonly string[]> {
  const id = (await readPlatform(data))?.id;
  const filters = [`label=shipway.platform=${id}`, `label=shipway.kind=${kind}`].flatMap((one) => ['--filter', one]);
  const { stdout } = await runCommand('docker', ['ps', '--format', '{{.Names}}', ...filters]);
  return stdout.split('\n').filter((name) => name !== '');
}

export const instanceContainers = (platform: TestPlatform) => () => containerNames(platform, 'instance');
export const buildContainers = (platform: TestPlatform) => () => containerNames(platform, 'job');
