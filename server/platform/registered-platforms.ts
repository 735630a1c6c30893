import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './platform-file.ts';
import { findProcess, isAlive, processOf } from './process-file.ts';

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

/** A process that needs the engine for itself, e.g. the tests: platforms that go down meanwhile leave the engine running. */
export async function registerProcess(pid: number): Promise<{ readonly forget: () => Promise<void> }> {
  const file = join(folder, `process-${pid}`);
  await mkdir(folder, { recursive: true }).catch(() => undefined);
  await writeWhole(file, processOf(pid)?.startTicks ?? '', 0o644).catch(() => undefined);
  return { forget: () => rm(file, { force: true }).catch(() => undefined) };
}

async function runs(name: string): Promise<boolean> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => '');
  if (text === '' || name.endsWith('.tmp')) return false;
  const pid = name.match(/^process-(\d+)$/)?.[1];
  return pid === undefined
    ? (await findProcess(text, 'supervisor')) !== undefined
    : isAlive({ pid: Number(pid), startTicks: text });
}

export async function anyPlatformRuns(): Promise<boolean> {
  for (const name of await readdir(folder).catch(() => [])) if (await runs(name)) return true;
  return false;
}
