import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What one installation is: made at its first start, kept in `<data>/platform.json`. */
export interface Platform {
  /** Tells its containers from those of other installations on the same engine. */
  readonly id: string;
  readonly port: number;
  readonly domain: string;
  readonly serverPort: number;
  readonly postgresPort: number;
}

/** Made with it, kept in `<data>/secrets/platform.json`. */
export interface Secrets {
  readonly secretKey: string;
  readonly routerToken: string;
  readonly engineToken: string;
  readonly postgresPassword: string;
}

/*
 * Checked by hand: the supervisor reads these files and stays resident, and a schema library would be a fifth of it.
 */
const platformTypes = { id: 'string', port: 'number', domain: 'string', serverPort: 'number', postgresPort: 'number' };
const secretsTypes = { secretKey: 'string', routerToken: 'string', engineToken: 'string', postgresPassword: 'string' };

function checkTypes(value: unknown, types: Readonly<Record<string, string>>, path: string): void {
  const fields = new Map(Object.entries(Object(value)));
  const wrong = Object.keys(types).filter((name) => typeof fields.get(name) !== types[name]);
  if (wrong.length > 0) throw new Error(`Cannot read ${path}: ${wrong.join(', ')} missing or of the wrong type.`);
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
  const path = join(data, 'platform.json');
  const content = await readJson(path);
  if (content === undefined) return undefined;
  checkTypes(content, platformTypes, path);
  return content as Platform;
}

export function secretsPath(data: string): string {
  return join(data, 'secrets', 'platform.json');
}

/** Undefined before the first start. */
export async function findSecrets(data: string): Promise<Secrets | undefined> {
  const path = secretsPath(data);
  const content = await readJson(path);
  if (content === undefined) return undefined;
  checkTypes(content, secretsTypes, path);
  return content as Secrets;
}

/** @throws Error where there are none. */
export async function readSecrets(data: string): Promise<Secrets> {
  const secrets = await findSecrets(data);
  if (!secrets) throw new Error(`Cannot read ${secretsPath(data)}: it is missing. Restore it from a backup.`);
  return secrets;
}

/** `http://localhost:8080`; port 80 is left out. */
export function platformUrl(platform: Platform): string {
  return `http://${platform.domain}${platform.port === 80 ? '' : `:${platform.port}`}`;
}
