import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientEnvironment, mustGit, startGitServer } from '../server/git/git-server.ts';
import { importHistory } from '../server/git/work-tree.ts';
import type { BenchRow } from './bench-row.ts';
import { startHttpBackend } from './http-backend.ts';
import { median } from './median.ts';

const rounds = 10;
const commits = 20_000;

/**
 * A push of 100,000 objects into an empty repository, whole, by the real client on loopback: to Shipway, to `git http-backend` behind a small CGI
 * server (as git comes, and with receive.fsckObjects, the checks that Shipway makes), and to a local path. Interleaved; medians.
 */
export async function benchReceive(): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'shipway-bench-receive-'));
  const source = join(root, 'source.git');
  const shipway = await startGitServer();
  const backend = await startHttpBackend(root);
  try {
    await importHistory(source, commits);
    await mustGit(source, 'repack', '-adq');
    const bare = async (fsck: boolean) => {
      const path = join(root, `${randomUUID()}.git`);
      await mustGit(root, 'init', '--quiet', '--bare', path);
      await mustGit(path, 'config', 'http.receivepack', 'true');
      await mustGit(path, 'config', 'receive.fsckObjects', String(fsck));
      return path;
    };
    const overHttp = async (fsck: boolean) => `${backend.origin}/${(await bare(fsck)).slice(root.length + 1)}`;
    const times = await interleave(source, {
      shipway: async () => shipway.url(`a${randomUUID().slice(0, 8)}`),
      'git http-backend': () => overHttp(false),
      'git http-backend with fsck': () => overHttp(true),
      'git push to a path': () => bare(false),
    });
    const { shipway: own = Number.NaN, ...peers } = times;
    const name = `push of ${commits * 5} objects`;
    return [{ name, unit: 'ms', shipway: own, peers, target: '1.2 times git http-backend' }];
  } finally {
    backend.server.close();
    await shipway.close();
    await rm(root, { recursive: true, force: true });
  }
}

/** Median time of a push to a new repository of each kind, one kind after the other in every round. */
async function interleave(source: string, makers: Readonly<Record<string, () => Promise<string>>>) {
  const times = new Map<string, number[]>(Object.keys(makers).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, make] of Object.entries(makers)) {
      const url = await make();
      const start = performance.now();
      await promisify(execFile)('git', ['push', '--quiet', url, 'main'], { cwd: source, env: clientEnvironment });
      times.get(name)?.push(performance.now() - start);
    }
  }
  return Object.fromEntries([...times].map(([name, values]) => [name, median(values)]));
}

if (import.meta.main) console.log(JSON.stringify(await benchReceive(), null, 2));
