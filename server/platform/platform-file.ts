import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';

/** What one installation is: made at its first start, kept in `<data>/platform.json`. */
const platformSchema = z.object({
  /** Tells its containers from those of other installations on the same engine. */
  id: z.string(),
  port: z.number(),
  domain: z.string(),
  serverPort: z.number(),
  postgresPort: z.number(),
});

const secretsSchema = z.object({
  secretKey: z.string(),
  routerToken: z.string(),
  engineToken: z.string(),
  postgresPassword: z.string(),
});

export type Platform = Readonly<z.output<typeof platformSchema>>;
export type Secrets = Readonly<z.output<typeof secretsSchema>>;

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

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Written under a temporary name and renamed: a reader sees the old or the new file, never half of one. */
export async function writeWhole(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content, { mode, flush: true });
  await rename(temporary, path);
}

export async function readPlatform(data: string): Promise<Platform | undefined> {
  const content = await readJson(join(data, 'platform.json'));
  return content === undefined ? undefined : platformSchema.parse(content);
}

export async function readSecrets(data: string): Promise<Secrets> {
  return secretsSchema.parse(await readJson(join(data, 'secrets', 'platform.json')));
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
  const secretsPath = join(data, 'secrets', 'platform.json');
  if ((await readJson(secretsPath)) === undefined) {
    const secrets: Secrets = {
      secretKey: hex(32),
      routerToken: hex(32),
      engineToken: hex(32),
      postgresPassword: hex(16),
    };
    await writeWhole(secretsPath, JSON.stringify(secrets), 0o600);
  }
  return platform;
}

/** `http://localhost:8080`; port 80 is left out. */
export function platformUrl(platform: Platform): string {
  return `http://${platform.domain}${platform.port === 80 ? '' : `:${platform.port}`}`;
}
