import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { platformUrl, readPlatform, readSecrets } from '../../../server/platform/platform-file.ts';
import { preparePlatform } from '../../../server/platform/prepare-platform.ts';
import { endProcess, findProcess, writeProcessFile } from '../../../server/platform/process-file.ts';
import { nodePrograms, programEnvironment } from '../../../server/platform/programs.ts';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'shipway-platform-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

describe('a platform in its data folder', () => {
  it('is made once and keeps its id, ports and secrets', async () => {
    const first = await preparePlatform(data, { port: 8090 });
    const secrets = await readSecrets(data);
    expect(await preparePlatform(data, {})).toEqual(first);
    expect(await readSecrets(data)).toEqual(secrets);
    expect(platformUrl(first)).toBe('http://localhost:8090');
  });

  it('keeps its secrets from other users', async () => {
    await preparePlatform(data, {});
    expect((await stat(join(data, 'secrets'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(data, 'secrets', 'platform.json'))).mode & 0o777).toBe(0o600);
  });

  it('takes another port of its own when something else has it', async () => {
    const { serverPort } = await preparePlatform(data, {});
    const other = createServer().listen(serverPort, '127.0.0.1');
    await once(other, 'listening');
    expect((await preparePlatform(data, {})).serverPort).not.toBe(serverPort);
    other.close();
  });

  it('is not there before it was made', async () => {
    expect(await readPlatform(join(data, 'nothing'))).toBeUndefined();
  });

  it('says which file is damaged', async () => {
    await writeFile(join(data, 'platform.json'), '{');
    await expect(readPlatform(data)).rejects.toThrow(/^Cannot read .*platform\.json/);
  });
});

describe('a process file', () => {
  it('names a process as long as it is that very one', async () => {
    const child = spawn('sleep', ['60']);
    await preparePlatform(data, {});
    await writeProcessFile(data, 'sleeper', child.pid ?? 0);
    expect((await findProcess(data, 'sleeper'))?.pid).toBe(child.pid);
    // The same pid with another start time is somebody else's process.
    await writeFile(join(data, 'run', 'other.pid'), `${child.pid} 1\n`);
    expect(await findProcess(data, 'other')).toBeUndefined();
    await endProcess(data, 'other', { signal: 'SIGTERM', graceMs: 100 });
    expect(child.exitCode).toBeNull();
    const exited = once(child, 'exit');
    await endProcess(data, 'sleeper', { signal: 'SIGTERM', graceMs: 5_000 });
    await exited;
    expect(await findProcess(data, 'sleeper')).toBeUndefined();
  });

  it('ends a process that does not listen', async () => {
    await preparePlatform(data, {});
    const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    await writeProcessFile(data, 'deaf', child.pid ?? 0);
    const exited = once(child, 'exit');
    await endProcess(data, 'deaf', { signal: 'SIGTERM', graceMs: 200 });
    expect((await exited)[1]).toBe('SIGKILL');
  });
});

describe('the environment of the programs', () => {
  const env = {
    PATH: '/bin',
    HTTPS_PROXY: 'http://proxy',
    npm_config_registry: 'http://mirror',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    AWS_SECRET: 'x',
  };

  it('passes on mirrors, proxies and the CA, and nothing else of the caller', async () => {
    const platform = await preparePlatform(data, {});
    const made = programEnvironment({ data, platform, secrets: await readSecrets(data), env });
    expect(JSON.parse(made.SHIPWAY_BUILD_ENV ?? '')).toEqual({
      HTTPS_PROXY: 'http://proxy',
      npm_config_registry: 'http://mirror',
    });
    expect(made.SHIPWAY_BUILD_CA_FILE).toBe('/ca.pem');
    expect(made).not.toHaveProperty('AWS_SECRET');
  });

  it('keeps the secrets of the server from the router', async () => {
    const platform = await preparePlatform(data, {});
    const programs = nodePrograms(programEnvironment({ data, platform, secrets: await readSecrets(data), env }));
    const router = programs.find(({ name }) => name === 'router');
    const secrets = await readSecrets(data);
    for (const secret of [secrets.secretKey, secrets.engineToken, secrets.postgresPassword]) {
      expect(JSON.stringify(router?.env)).not.toContain(secret);
    }
  });
});
