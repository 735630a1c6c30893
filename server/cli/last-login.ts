import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the platform of the last login is remembered: its URL, one line. */
function lastLoginPath(): string {
  const folder = process.env.XDG_CONFIG_HOME || join(process.env.HOME ?? homedir(), '.config');
  return join(folder, 'shipway', 'url');
}

export async function readLastLogin(): Promise<string | undefined> {
  const text = await readFile(lastLoginPath(), 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

export async function rememberLogin(origin: string): Promise<void> {
  await mkdir(dirname(lastLoginPath()), { recursive: true });
  await writeFile(lastLoginPath(), `${origin}\n`);
}
