import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientEnvironment, mustGit, startGitServer } from '../server/git/git-server.ts';
import { importHistory } from '../server/git/work-tree.ts';
import type { BenchRow } from './bench-row.ts';

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

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** CGI (RFC 3875), as much of it as git http-backend needs. */
async function startHttpBackend(root: string): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer({ requestTimeout: 0 }, (request, response) => runCgi(root, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function runCgi(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    env: {
      ...clientEnvironment,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'],
      CONTENT_LENGTH: request.headers['content-length'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      REMOTE_USER: 'bench',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  let head = Buffer.alloc(0);
  child.stdout.on('data', function readHead(chunk: Buffer) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    child.stdout.off('data', readHead);
    writeHead(response, head.toString('latin1', 0, end));
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  });
}

function writeHead(response: ServerResponse, head: string): void {
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
}

if (import.meta.main) console.log(JSON.stringify(await benchReceive(), null, 2));
