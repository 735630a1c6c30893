import { readPlatform } from '../../server/platform/platform-file.ts';
import { runCommand } from './run-command.ts';

async function list(...args: string[]): Promise<readonly string[]> {
  const { stdout } = await runCommand('docker', args);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Images and volumes stay in the engine when a platform goes down; those of a test platform are nobody's any more. */
export async function removeEngineLeftovers(data: string): Promise<void> {
  const platform = await readPlatform(data);
  if (!platform) return;
  const ofRegistry = `reference=127.0.0.1:${platform.port}/*`;
  const images = await list(
    'image',
    'ls',
    '--digests',
    '--format',
    '{{.Repository}}@{{.Digest}}',
    '--filter',
    ofRegistry,
  );
  const ofPlatform = `label=shipway.platform=${platform.id}`;
  const volumes = await list('volume', 'ls', '--quiet', '--filter', ofPlatform);
  if (images.length > 0) await runCommand('docker', ['image', 'rm', ...images]);
  if (volumes.length > 0) await runCommand('docker', ['volume', 'rm', ...volumes]);
}
