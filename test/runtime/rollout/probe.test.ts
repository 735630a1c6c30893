import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../runtime/rollout/clock.ts';
import { probeTcp, untilHealthy } from '../../../runtime/rollout/probe.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(port = 0): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('runtime/rollout/probe', () => {
  it('is healthy once something accepts', async () => {
    expect(await probeTcp({ host: '127.0.0.1', port: await listen() }, { timeoutMs: 250 })).toBe(true);
  });

  it('is not healthy where nothing listens, or the address is none', async () => {
    const port = await listen();
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(await probeTcp({ host: '127.0.0.1', port }, { timeoutMs: 250 })).toBe(false);
    expect(await probeTcp({ host: '240.0.0.1', port }, { timeoutMs: 50 })).toBe(false);
  });

  it('asks until it answers', async () => {
    const port = await listen();
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const { signal } = new AbortController();
    const target = { host: '127.0.0.1', port };
    const healthy = untilHealthy({ probe: probeTcp, target, clock: systemClock, signal });
    await listen(port);
    expect(await healthy).toBe(true);
  });

  it('ends when it is told to', async () => {
    const abort = new AbortController();
    const target = { host: '127.0.0.1', port: 1 };
    const healthy = untilHealthy({ probe: async () => false, target, clock: systemClock, signal: abort.signal });
    abort.abort();
    expect(await healthy).toBe(false);
  });
});
