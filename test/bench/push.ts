import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import type { BenchRow } from './bench-row.ts';
import { firstAnswer } from './first-answer.ts';
import { median } from './median.ts';
import { appBoot, dockerBuildAndRun, emptyPush, engineStart, must, type Peer, type PushRound } from './push-peers.ts';

const rounds = 12;
const appName = 'bench';
const sample = join(import.meta.dirname, '..', 'apps', 'nodejs-express');
/** The last release's instances are stopped and its containers removed before the next way is measured. */
const restMs = 1_500;

/**
 * A push that changes one source file of an Express app, by the real client: from its start to the first answer of the new version through the
 * router. Beside it, in the same rounds: the same change by `docker build` and `docker run`; and the parts that no such way can do without.
 */
export async function benchPush(): Promise<BenchRow[]> {
  const platform = await startPlatform();
  const peers: Record<string, Peer> = {};
  try {
    const app = await firstDeploy(platform);
    const image = await imageOf(platform);
    const shipway = shipwayPush(platform, app);
    peers['docker build + run'] = await dockerBuildAndRun(app, join(platform.folder, 'docker'), image);
    await mkdir(join(platform.folder, 'empty'));
    peers['empty push'] = await emptyPush(join(platform.folder, 'empty'));
    peers['engine start'] = engineStart(image);
    peers['app boot'] = await appBoot(app, join(platform.folder, 'boot'), image);
    const times = await interleave({ shipway, ...peers });
    return rows(times, await phases(platform));
  } finally {
    for (const peer of Object.values(peers)) await peer.close();
    await platform.down();
  }
}

/** The median of each way over all rounds, the first of which only warms up. */
async function interleave(ways: Readonly<Record<string, Peer>>): Promise<Readonly<Record<string, number>>> {
  const times: Record<string, number[]> = {};
  for (let index = 0; index <= rounds; index++) {
    for (const [name, way] of Object.entries(ways)) {
      const ms = await way.measure(writeRound(`${name} ${index}`));
      if (index > 0) times[name] = [...(times[name] ?? []), ms];
      await sleep(restMs);
    }
    process.stderr.write(`push: round ${index} of ${rounds}\n`);
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}

function rows(times: Readonly<Record<string, number>>, phaseTimes: Readonly<Record<string, number>>): BenchRow[] {
  const { shipway = Number.NaN, 'docker build + run': docker = Number.NaN, ...parts } = times;
  const sum = Object.values(parts).reduce((total, ms) => total + ms, 0);
  return [
    {
      name: 'push to live',
      unit: 'ms',
      shipway,
      peers: { 'docker build + run': docker, 'sum of parts': sum, ...parts },
      target: '1000 ms; half of docker build + run; 1.5 times the sum',
    },
    ...Object.entries(phaseTimes).map(([phase, ms]) => ({
      name: `push to live: ${phase}`,
      unit: 'ms',
      shipway: ms,
      peers: {},
      target: 'a part of it, as the push says',
    })),
  ];
}

function writeRound(answer: string): PushRound {
  const source = `const express = require('express');
const app = express();
app.get('/', (request, response) => response.send('${answer}'));
app.listen(process.env.PORT, '0.0.0.0');
`;
  return { source, answer };
}

async function firstDeploy(platform: TestPlatform): Promise<string> {
  const app = join(platform.folder, 'app');
  await cp(sample, app, { recursive: true });
  const made = await platform.api('POST', '/apps', { name: appName });
  if (made.status >= 300) throw new Error(`Cannot measure: the app was not made: ${JSON.stringify(made.body)}`);
  await mustGit(platform, app, ['init', '--quiet', '--initial-branch=main']);
  await commitSource(platform, app, writeRound('first').source);
  process.stderr.write('push: first deploy, with all dependencies\n');
  await mustGit(platform, app, ['push', `${platform.url}/${appName}.git`, 'main']);
  return app;
}

function shipwayPush(platform: TestPlatform, app: string): Peer {
  return {
    measure: async ({ source, answer }) => {
      await commitSource(platform, app, source);
      const start = performance.now();
      const push = mustGit(platform, app, ['push', `${platform.url}/${appName}.git`, 'main']);
      const live = firstAnswer({ port: platform.port, host: `${appName}.localhost:${platform.port}`, wanted: answer });
      const [end, output] = await Promise.all([live, push]);
      await writeFile(timesPath(platform), output, { flag: 'a' });
      return end - start;
    },
    close: async () => undefined,
  };
}

async function commitSource(platform: TestPlatform, app: string, source: string): Promise<void> {
  await writeFile(join(app, 'server.js'), source);
  await mustGit(platform, app, ['add', '.']);
  await mustGit(platform, app, ['commit', '--quiet', '--message=Change the answer']);
}

async function mustGit(platform: TestPlatform, cwd: string, args: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await platform.git(args, cwd);
  if (exitCode !== 0) throw new Error(`Cannot measure: git ${args.join(' ')} failed.\n${stderr}`);
  return stderr;
}

/** The image that the engine runs the app from, by digest. */
async function imageOf(platform: TestPlatform): Promise<string> {
  const { id } = JSON.parse(await readFile(join(platform.data, 'platform.json'), 'utf8')) as { readonly id: string };
  const container = await must('docker', ['ps', '--quiet', '--filter', `label=shipway.platform=${id}`]);
  const image = await must('docker', ['inspect', '--format', '{{.Image}}', container]);
  return must('docker', ['inspect', '--format', '{{index .RepoDigests 0}}', image]);
}

const timesPath = (platform: TestPlatform) => join(platform.folder, 'push-output');

/** Medians of the phases that each push told: `receive 38 ms · queue 12 ms · ...`. */
async function phases(platform: TestPlatform): Promise<Readonly<Record<string, number>>> {
  const lines = (await readFile(timesPath(platform), 'utf8')).split('\n').filter((line) => line.includes(' ms · '));
  const times = new Map<string, number[]>();
  // The first one warms up.
  for (const line of lines.slice(1)) {
    for (const [, name = '', ms] of line.matchAll(/([a-z]+) (\d+) ms/g)) {
      times.set(name, [...(times.get(name) ?? []), Number(ms)]);
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, median(all)]));
}

if (import.meta.main) console.log(JSON.stringify(await benchPush(), null, 2));
