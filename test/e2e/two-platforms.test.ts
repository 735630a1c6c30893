import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlatform } from '../../server/platform/platform-file.ts';
import { freePort, startPlatform, type TestPlatform } from '../support/platform.ts';
import { runCommand } from '../support/run-command.ts';
import { dynos, releases } from './app-state.ts';
import { instanceContainers } from './containers.ts';
import { createRepository, type Repository, testApp } from './repository.ts';
import { ask, askUntil } from './requests.ts';

const started: TestPlatform[] = [];
afterAll(() => Promise.all(started.map((platform) => platform.down())));

async function platformWithApp(version: string): Promise<{ platform: TestPlatform; app: Repository }> {
  const platform = await startPlatform();
  started.push(platform);
  const app = await createRepository(platform, 'same', testApp('echo'));
  await app.commit({ 'version.json': JSON.stringify(version) });
  const push = await app.push();
  if (push.exitCode !== 0) throw new Error(push.stderr);
  return { platform, app };
}

describe('two platforms on one engine', () => {
  let left: TestPlatform;
  let right: TestPlatform;
  let app: Repository;
  beforeAll(async () => {
    ({ platform: left, app } = await platformWithApp('left'));
    ({ platform: right } = await platformWithApp('right'));
  }, 400_000);

  it('serve an app of the same name each, and see nothing of each other', async () => {
    expect((await ask(left, 'same')).body).toBe('echo left\n');
    expect((await ask(right, 'same')).body).toBe('echo right\n');
    expect(await dynos(left, 'same')).toHaveLength(1);
    const [ours, theirs] = [await instanceContainers(left)(), await instanceContainers(right)()];
    expect(ours).toHaveLength(1);
    expect(theirs).toHaveLength(1);
    expect(ours).not.toEqual(theirs);
    expect((await left.api('GET', '/apps', undefined, right.token)).status).toBe(401);
    expect((await ask(left, 'same', { host: `same.localhost:${right.port}` })).body).toBe('echo left\n');
  });

  it('say clearly that a port is taken, and leave who has it alone', async () => {
    const other = `${left.folder}/third`;
    const taken = await left.shipway(['up', '--detach', '--port', String(right.port), '--data', other]);
    expect(taken.exitCode).not.toBe(0);
    expect(taken.stderr).toContain(`Cannot listen on port ${right.port}`);
    expect(taken.stderr).toContain('--port');
    expect((await ask(right, 'same')).status).toBe(200);
    expect((await left.shipway(['status', '--data', other])).exitCode).not.toBe(0);
  });

  it('go up a second time without a change', async () => {
    const before = await left.shipway(['status', '--json']);
    const again = await left.up();
    expect(again.stdout).toContain('Shipway is up.');
    expect(JSON.parse((await left.shipway(['status', '--json'])).stdout).programs.map(pidOf)).toEqual(
      JSON.parse(before.stdout).programs.map(pidOf),
    );
    const moved = await left.shipway(['up', '--detach', '--port', String(await freePort())]);
    expect(moved.exitCode).not.toBe(0);
    expect(moved.stderr).toContain(`It is up on ${left.url}.`);
  });

  it('go down alone and come up again with apps, releases and token', async () => {
    const down = await left.shipway(['down']);
    expect(down.exitCode, down.stderr).toBe(0);
    expect(await instanceContainers(left)()).toEqual([]);
    await expect(ask(left, 'same')).rejects.toThrow(/ECONNREFUSED/);
    expect((await left.shipway(['status'])).exitCode).toBe(1);
    expect(await leftovers(left)).toEqual([]);
    expect((await ask(right, 'same')).body).toBe('echo right\n');
    expect((await left.shipway(['down'])).exitCode).toBe(0);

    // Twice at once: the second waits for the first and finds it up.
    await Promise.all([left.up(), left.up()]);
    expect((await askUntil(left, 'same', ({ status }) => status === 200)).body).toBe('echo left\n');
    expect(await releases(left, 'same')).toMatchObject([{ version: 1, status: 'succeeded', current: true }]);
    await app.commit({ 'version.json': '"left again"' });
    const push = await app.push();
    expect(push.exitCode, push.stderr).toBe(0);
    expect((await ask(left, 'same')).body).toBe('echo left again\n');
    expect((await ask(right, 'same')).body).toBe('echo right\n');
  }, 120_000);

  it('refuse to start where a stranger listens', async () => {
    const stranger = createServer().listen(0, '0.0.0.0');
    await once(stranger, 'listening');
    const address = stranger.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const up = await right.shipway(['up', '--detach', '--port', String(port), '--data', `${right.folder}/fourth`]);
    stranger.close();
    expect(up.exitCode).not.toBe(0);
    expect(up.stderr).toContain(`Cannot listen on port ${port}`);
  });
});

const pidOf = ({ pid }: { pid: number }) => pid;

/** Processes, networks and host rules of a platform that is down. */
async function leftovers({ data }: TestPlatform): Promise<readonly string[]> {
  const id = (await readPlatform(data))?.id ?? '';
  const [processes, networks, rules] = await Promise.all([
    runCommand('ps', ['-eo', 'args']),
    runCommand('docker', ['network', 'ls', '--quiet', '--filter', `label=shipway.platform=${id}`]),
    runCommand('iptables', ['-w', '-t', 'mangle', '-S']),
  ]);
  return [
    ...processes.stdout.split('\n').filter((line) => line.includes(data)),
    ...networks.stdout.split('\n').filter((line) => line !== ''),
    ...rules.stdout.split('\n').filter((line) => line.includes(`shipway-${id}`)),
  ];
}
