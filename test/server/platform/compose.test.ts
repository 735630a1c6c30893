import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const secrets = {
  SHIPWAY_ROUTER_TOKEN: 'a',
  SHIPWAY_ENGINE_TOKEN: 'b',
  SHIPWAY_SECRET_KEY: 'c',
  POSTGRES_PASSWORD: 'd',
};

/** Names of the services: `docker compose` where the plugin is, else Debian's docker-compose. */
async function composeConfig(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const options = { cwd: root, env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env } };
  const hasPlugin = await execute('docker', ['compose', 'version'], options).then(
    () => true,
    () => false,
  );
  const [command, ...args] = hasPlugin
    ? ['docker', 'compose', 'config', '--format', 'json']
    : ['docker-compose', 'config'];
  const { stdout } = await execute(command ?? '', args, options);
  if (hasPlugin) return Object.keys(JSON.parse(stdout).services);
  return [...stdout.matchAll(/^ {2}(\w+):$/gm)].map((match) => match[1] ?? '');
}

describe('docker-compose.yml', () => {
  it('is valid and names the four programs', async () => {
    expect(await composeConfig(secrets)).toEqual(expect.arrayContaining(['postgres', 'server', 'worker', 'router']));
  });

  it('refuses to start without secrets, and says which', async () => {
    await expect(composeConfig({})).rejects.toThrow(/SHIPWAY_|POSTGRES_PASSWORD/);
  });

  it('starts programs that exist', async () => {
    const text = await readFile(join(root, 'docker-compose.yml'), 'utf8');
    const entries = [...text.matchAll(/\["node", "([^"]+)"\]/g)].map((match) => match[1] ?? '');
    expect(entries).toHaveLength(4);
    for (const entry of entries) await readFile(join(root, entry), 'utf8');
  });
});
