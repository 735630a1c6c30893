import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findSecrets, type Platform, readPlatform, type Secrets, secretsPath, writeWhole } from './platform-file.ts';

const hex = (bytes: number) => randomBytes(bytes).toString('hex');

/** Whether a TCP port of this machine can be bound now. */
export function isPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('No port.')),
      );
    });
  });
}

async function reusable(port: number | undefined): Promise<number> {
  return port !== undefined && (await isPortFree(port, '127.0.0.1')) ? port : findFreePort();
}

/**
 * The installation in `data`, made on the first call. Ports of the platform's own that something else has taken meanwhile are chosen anew,
 * so call it only while its programs are down.
 */
export async function preparePlatform(
  data: string,
  wish: { readonly port?: number; readonly domain?: string },
): Promise<Platform> {
  // The embedded PostgreSQL runs as another user and must be able to pass through.
  await mkdir(data, { recursive: true });
  await chmod(data, 0o711);
  await mkdir(join(data, 'secrets'), { recursive: true, mode: 0o700 });
  await mkdir(join(data, 'run'), { recursive: true });
  await mkdir(join(data, 'logs', 'programs'), { recursive: true });
  const known = await readPlatform(data);
  const platform: Platform = {
    id: known?.id ?? hex(3),
    port: wish.port ?? known?.port ?? 8080,
    domain: wish.domain ?? known?.domain ?? 'localhost',
    serverPort: await reusable(known?.serverPort),
    postgresPort: await reusable(known?.postgresPort),
  };
  await writeWhole(join(data, 'platform.json'), `${JSON.stringify(platform, undefined, 2)}\n`, 0o644);
  if ((await findSecrets(data)) === undefined) {
    const secrets: Secrets = {
      secretKey: hex(32),
      routerToken: hex(32),
      engineToken: hex(32),
      postgresPassword: hex(16),
    };
    await writeWhole(secretsPath(data), JSON.stringify(secrets), 0o600);
  }
  return platform;
}
