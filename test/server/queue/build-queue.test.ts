import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildQueueContract } from '../../contract/build-queue.ts';
import { freePort } from '../../support/platform.ts';
import { startTestPostgres } from '../../support/postgres.ts';

buildQueueContract('PostgreSQL', async () => {
  const postgres = await startTestPostgres();
  return { location: { databaseUrl: postgres.url, redisUrl: undefined }, close: () => postgres.stop() };
});

buildQueueContract('Redis', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shipway-redis-'));
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--maxmemory-policy',
    'noeviction',
  ];
  const redis = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of redis.stdout) if (String(chunk).includes('Ready to accept connections')) break;
  redis.stdout.resume();
  return {
    location: { databaseUrl: 'postgres://unused', redisUrl: `redis://127.0.0.1:${port}` },
    close: async () => {
      redis.kill('SIGTERM');
      await once(redis, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
});
