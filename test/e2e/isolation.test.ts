import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readPlatform } from '../../server/platform/platform-file.ts';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { runCommand } from '../support/run-command.ts';
import { instanceContainers } from './containers.ts';
import { createRepository, testApp } from './repository.ts';
import { ask } from './requests.ts';

const identitySchema = z.looseObject({ gateway: z.string(), env: z.array(z.string()), processes: z.number() });

let platform: TestPlatform;
let identity: z.output<typeof identitySchema>;
beforeAll(async () => {
  platform = await startPlatform();
  for (const name of ['prober', 'neighbour']) {
    const app = await createRepository(platform, name, testApp('prober'));
    const push = await app.push();
    if (push.exitCode !== 0) throw new Error(push.stderr);
  }
  identity = identitySchema.parse(JSON.parse((await ask(platform, 'prober')).body));
}, 300_000);
afterAll(() => platform?.down());

/** What a process of the app `prober` sees when it connects to each target. */
async function connectFromInside(targets: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const query = targets.map((target) => `target=${target}`).join('&');
  const { body } = await ask(platform, 'prober', { path: `/connect?${query}` });
  const seen = z.array(z.string()).parse(JSON.parse(body));
  return Object.fromEntries(targets.map((target, place) => [target, seen[place] ?? '']));
}

async function addressOf(app: string): Promise<string> {
  const name = (await instanceContainers(platform)()).find((one) => one.includes(`-${app}-`)) ?? '';
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  return (await runCommand('docker', ['inspect', '--format', format, name])).stdout.trim();
}

describe('an instance', () => {
  it('runs as an unprivileged user, without capabilities and within its limits', () => {
    expect(identity).toMatchObject({
      uid: 1000,
      gid: 1000,
      capabilities: '0000000000000000',
      noNewPrivileges: '1',
      memoryLimit: 512 * 2 ** 20,
      pidsLimit: 256,
      engineSocket: false,
      writeEtc: 'EACCES',
      writeUsr: 'EACCES',
      writeTmp: 'written',
    });
    // tini, the shell and the app: nobody else's processes.
    expect(identity.processes).toBeLessThan(8);
  });

  it('sees none of the platform’s own variables', () => {
    expect(identity.env.filter((name) => /^SHIPWAY_|DATABASE|DOCKER|SECRET|TOKEN/.test(name))).toEqual([]);
  });

  it('reaches itself, and no other instance', async () => {
    const [own, other] = [await addressOf('prober'), await addressOf('neighbour')];
    expect(own).toMatch(/^\d+\./);
    expect(other).toMatch(/^\d+\./);
    const seen = await connectFromInside([`${own}:5000`, '127.0.0.1:5000', `${other}:5000`]);
    expect(seen[`${own}:5000`]).toBe('connected');
    expect(seen['127.0.0.1:5000']).toBe('connected');
    expect(seen[`${other}:5000`]).not.toBe('connected');
  });

  it('reaches no port of the machine, and no metadata service', async () => {
    const known = await readPlatform(platform.data);
    const host = (await runCommand('hostname', ['--all-ip-addresses'])).stdout.trim().split(/\s+/);
    const addresses = [identity.gateway, ...host.filter((address) => address.includes('.'))];
    const ports = [platform.port, known?.serverPort, known?.postgresPort, 22];
    const targets = [
      ...addresses.flatMap((address) => ports.map((port) => `${address}:${port}`)),
      '169.254.169.254:80',
    ];
    const seen = await connectFromInside(targets);
    expect(Object.entries(seen).filter(([, result]) => result === 'connected')).toEqual([]);
  });
});
