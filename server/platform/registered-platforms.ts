import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './platform-file.ts';
import { findProcess } from './process-file.ts';

/** Data folders of the platforms of this machine, so that the last one to go down can end the engine that the first one started. */
const folder = '/run/shipway/platforms';
const fileOf = (data: string) => join(folder, createHash('sha256').update(data).digest('hex').slice(0, 16));

/** Best effort: a user without rights on /run never started an engine either. */
export async function registerPlatform(data: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch(() => undefined);
  await writeWhole(fileOf(data), data, 0o644).catch(() => undefined);
}

export async function forgetPlatform(data: string): Promise<void> {
  await rm(fileOf(data), { force: true }).catch(() => undefined);
}

export async function anyPlatformRuns(): Promise<boolean> {
  for (const name of await readdir(folder).catch(() => [])) {
    const data = await readFile(join(folder, name), 'utf8').catch(() => '');
    if (data && !name.endsWith('.tmp') && (await findProcess(data, 'supervisor'))) return true;
  }
  return false;
}
