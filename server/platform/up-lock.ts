import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const retryMs = 100;

/** An abstract socket (unix(7)) has one listener at a time, and the kernel frees it however its process ends. */
async function listenAlone(name: string): Promise<Server | undefined> {
  const server = createServer().listen({ path: `\0${name}` });
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** Does `work` while no other `up` of the data folder does: two that start it at once would make two platforms of it. */
export async function withUpLock<T>(data: string, work: () => Promise<T>): Promise<T> {
  const name = `shipway-up-${createHash('sha256').update(data).digest('hex').slice(0, 32)}`;
  let lock = await listenAlone(name);
  while (!lock) {
    await sleep(retryMs);
    lock = await listenAlone(name);
  }
  try {
    return await work();
  } finally {
    lock.close();
  }
}
