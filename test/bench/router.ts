import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRouteHub } from '../../runtime/router/route-hub.ts';
import type { BenchRow } from './bench-row.ts';

/*
 * Three proxies before the same nginx, each alone on core 0; load generator and backend on core 1. CPU is counted from
 * /proc: it is steadier than requests a second on a machine that others use too. Runs of the proxies alternate.
 */

const run = promisify(execFile);
const runs = 10;
const runSeconds = 2;
const connections = 64;
const host = 'demo.localhost';
const ticksPerSecond = 100;

interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
  readonly p99Ms: number;
}

export async function benchRouter(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'shipway-bench-router-'));
  const children: ChildProcess[] = [];
  try {
    const backendPort = await startNginx(children, { folder, name: 'backend', core: 1, server: backendServer });
    const proxies = {
      shipway: await startShipway(children, folder, backendPort),
      nginx: await nginxProxy(children, folder, backendPort),
      'Node http': await nodeProxy(children, backendPort),
    };
    return rows(await measure(proxies));
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

interface Proxy {
  readonly pid: number;
  readonly port: number;
}

async function measure(proxies: Readonly<Record<string, Proxy>>): Promise<Readonly<Record<string, Sample>>> {
  const samples: Record<string, Sample[]> = {};
  for (const proxy of Object.values(proxies)) await load(proxy, 1);
  for (let index = 0; index < runs; index++) {
    for (const [name, proxy] of Object.entries(proxies)) {
      samples[name] ??= [];
      samples[name].push(await load(proxy, runSeconds));
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, medianSample(all)]));
}

async function load(proxy: Proxy, seconds: number): Promise<Sample> {
  const before = await cpuSeconds(proxy.pid);
  const { stdout } = await run('taskset', [
    ...['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', `Host: ${host}`],
    `http://127.0.0.1:${proxy.port}/`,
  ]);
  const cpu = (await cpuSeconds(proxy.pid)) - before;
  const failures = /Non-2xx|Socket errors/.exec(stdout);
  if (failures !== null) throw new Error(`Cannot measure: requests failed.\n${stdout}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const [, p99 = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s)\b/.exec(stdout) ?? [];
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    cpuMicroseconds: (cpu * 1e6) / requests,
    p99Ms: Number(p99) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN),
  };
}

/** utime and stime: fields 14 and 15 of proc(5), counted after the command's closing parenthesis. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function medianSample(samples: readonly Sample[]): Sample {
  const median = (of: (sample: Sample) => number) => {
    const sorted = samples.map(of).sort((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    return ((sorted[middle] ?? Number.NaN) + (sorted[sorted.length - 1 - middle] ?? Number.NaN)) / 2;
  };
  return {
    requestsPerSecond: median((sample) => sample.requestsPerSecond),
    cpuMicroseconds: median((sample) => sample.cpuMicroseconds),
    p99Ms: median((sample) => sample.p99Ms),
  };
}

function rows(samples: Readonly<Record<string, Sample>>): BenchRow[] {
  const row = (name: string, unit: string, target: string, of: (sample: Sample) => number): BenchRow => {
    const { shipway = Number.NaN, ...peers } = Object.fromEntries(
      Object.entries(samples).map(([proxy, sample]) => [proxy, of(sample)]),
    );
    return { name, unit, shipway, peers, target };
  };
  return [
    row('router: CPU a request', 'µs', "1.25 times nginx's or less", (sample) => sample.cpuMicroseconds),
    row('router: requests', '1/s on one core', 'as nginx', (sample) => sample.requestsPerSecond),
    row('router: p99', 'ms, 64 connections', 'no worse than nginx', (sample) => sample.p99Ms),
  ];
}

const backendServer = 'location / { default_type text/plain; return 200 "hello, world\\n"; } access_log off;';

async function nginxProxy(children: ChildProcess[], folder: string, backendPort: number): Promise<Proxy> {
  const server = `location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header Host $host; proxy_set_header X-Request-Id $request_id; proxy_set_header X-Request-Start $msec;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Port $server_port; proxy_set_header Via "1.1 nginx"; }
    access_log ${folder}/access.log;`;
  const upstream = `upstream backend { server 127.0.0.1:${backendPort}; keepalive ${connections}; }`;
  const port = await startNginx(children, { folder, name: 'proxy', core: 0, server, upstream });
  return { pid: children.at(-1)?.pid ?? 0, port };
}

/** One process: the worker is the process that was started. */
async function startNginx(
  children: ChildProcess[],
  options: {
    readonly folder: string;
    readonly name: string;
    readonly core: number;
    readonly server: string;
    readonly upstream?: string;
  },
): Promise<number> {
  const { folder, name, core, server, upstream = '' } = options;
  const port = await freePort();
  const configPath = join(folder, `${name}.conf`);
  await writeFile(
    configPath,
    `daemon off; master_process off; pid ${folder}/${name}.pid; error_log ${folder}/${name}.error.log;
    events { worker_connections 1024; }
    http { keepalive_requests 100000000; ${upstream} server { listen 127.0.0.1:${port} backlog=4096; ${server} } }`,
  );
  children.push(spawn('taskset', ['-c', `${core}`, 'nginx', '-p', folder, '-c', configPath], { stdio: 'ignore' }));
  await listening(port);
  return port;
}

async function nodeProxy(children: ChildProcess[], backendPort: number): Promise<Proxy> {
  const port = await freePort();
  const self = fileURLToPath(import.meta.url);
  const child = spawn('taskset', ['-c', '0', process.execPath, self, 'node-proxy', `${port}`, `${backendPort}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  await listening(port);
  return { pid: child.pid ?? 0, port };
}

/** The program as it runs in production: routes from its snapshot, access log lines to a hub over the control channel. */
async function startShipway(children: ChildProcess[], folder: string, backendPort: number): Promise<Proxy> {
  const port = await freePort();
  const token = 'bench';
  const hub = createRouteHub({ token, onLog: () => undefined, log: () => undefined });
  const server = createServer();
  server.on('upgrade', (incoming, socket) => hub.attach(incoming, socket));
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const target = { instanceId: 'i1', name: 'web.1', host: '127.0.0.1', port: backendPort, releaseVersion: 1 };
  const route = { appId: 'a1', appName: 'demo', hosts: [host], state: 'live', targets: [target] } as const;
  await mkdir(join(folder, 'router'));
  await writeFile(join(folder, 'router', 'snapshot.json'), JSON.stringify({ version: 1, routes: [route] }));
  const main = fileURLToPath(new URL('../../runtime/router/main.ts', import.meta.url));
  const child = spawn('taskset', ['-c', '0', process.execPath, main], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      SHIPWAY_DATA: folder,
      SHIPWAY_LISTEN: '127.0.0.1',
      SHIPWAY_PORT: `${port}`,
      SHIPWAY_SERVER_PORT: `${(server.address() as AddressInfo).port}`,
      SHIPWAY_ROUTER_TOKEN: token,
    },
  });
  children.push(child);
  await listening(port);
  while (hub.routers() === 0) await sleep(50);
  return { pid: child.pid ?? 0, port };
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await sleep(100);
  }
  throw new Error(`Cannot measure: nothing listens on port ${port}.`);
}

/** The proxy that one would write in an afternoon. */
function serveNodeProxy(port: number, backendPort: number): void {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const forward = request(
      { agent, host: '127.0.0.1', port: backendPort, method: method ?? 'GET', path: url ?? '/', headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(forward);
  }).listen(port, '127.0.0.1');
}

if (import.meta.main) {
  const [mode, port, backendPort] = process.argv.slice(2);
  if (mode === 'node-proxy') serveNodeProxy(Number(port), Number(backendPort));
  else console.table(await benchRouter());
}
