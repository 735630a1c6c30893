import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appRoute, listen, rawClient, stopAll, waitFor } from './support.ts';

const mainPath = fileURLToPath(new URL('../../../runtime/router/main.ts', import.meta.url));

describe('runtime/router/main', () => {
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shipway-router-'));
    await mkdir(join(folder, 'router'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(port: number): Promise<ChildProcess> {
    const child = spawn(process.execPath, [mainPath], {
      env: {
        PATH: process.env.PATH,
        SHIPWAY_DATA: folder,
        SHIPWAY_LISTEN: '127.0.0.1',
        SHIPWAY_PORT: `${port}`,
        SHIPWAY_SERVER_PORT: '1',
        SHIPWAY_ROUTER_TOKEN: 'secret',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    await waitFor(() => output.includes('listening on'));
    return child;
  }

  async function freePort(): Promise<number> {
    const server = createServer();
    const port = await listen(server);
    server.close();
    return port;
  }

  async function saveRoutes(backend: number): Promise<void> {
    const table = { version: 1, routes: [appRoute('live', [backend])] };
    await writeFile(join(folder, 'router', 'snapshot.json'), JSON.stringify(table));
  }

  it('serves alone from its snapshot, and is killed and back with it', async () => {
    const server = createServer((_incoming, outgoing) => outgoing.end('from the app'));
    await saveRoutes(await listen(server));
    const port = await freePort();
    const first = await start(port);
    const request = 'GET / HTTP/1.1\r\nHost: demo.localhost\r\n\r\n';
    await (await rawClient(port, request)).until('from the app');
    first.kill('SIGKILL');
    await once(first, 'exit');
    await start(port);
    await (await rawClient(port, request)).until('from the app');
    expect(JSON.parse(await readFile(join(folder, 'router', 'snapshot.json'), 'utf8')).version).toBe(1);
  });

  it('hands over to a new process under load without a failed request', async () => {
    const server = createServer((incoming, outgoing) => {
      incoming.resume();
      setTimeout(() => outgoing.end('ok'), 5);
    });
    await saveRoutes(await listen(server));
    const port = await freePort();
    const first = await start(port);
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    let stopped = false;
    const failures: unknown[] = [];
    let answers = 0;
    const ask = async () => {
      const sent = get({ port, host: '127.0.0.1', agent, headers: { host: 'demo.localhost' } });
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      if (answer.statusCode !== 200) failures.push(answer.statusCode);
      answers++;
    };
    const load = Array.from({ length: 16 }, async () => {
      while (!stopped) await ask().catch((error) => failures.push(error));
    });
    await waitFor(() => answers > 200);
    await start(port);
    first.kill('SIGTERM');
    const [code] = await once(first, 'exit');
    const then = answers;
    await waitFor(() => answers > then + 200);
    stopped = true;
    await Promise.all(load);
    agent.destroy();
    expect(failures).toEqual([]);
    expect(code).toBe(0);
  });

  it('finishes a request in flight, and takes no new connection, after SIGTERM', async () => {
    let finish: (() => void) | undefined;
    const server = createServer((_incoming, outgoing) => {
      outgoing.write('begun ');
      finish = () => outgoing.end('done');
    });
    await saveRoutes(await listen(server));
    const port = await freePort();
    const child = await start(port);
    const client = await rawClient(port, 'GET / HTTP/1.1\r\nHost: demo.localhost\r\n\r\n');
    await client.until('begun ');
    child.kill('SIGTERM');
    const refuses = async () => {
      const socket = connect(port, '127.0.0.1');
      const refused = await once(socket, 'connect').then(
        () => false,
        () => true,
      );
      socket.destroy();
      return refused;
    };
    while (!(await refuses()));
    finish?.();
    expect(await client.closed()).toContain('done');
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });
});
