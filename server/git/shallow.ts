import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { runGit } from './git-process.ts';
import type { Quarantine } from './quarantine.ts';

/** Commits at which this repository's history was cut: what pushes from shallow clones left (gitrepository-layout(5), `shallow`). */
export async function readShallow(repositoryPath: string): Promise<readonly string[]> {
  const text = await readFile(join(repositoryPath, 'shallow'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').filter((oid) => oid !== '');
}

/** Those of `oids` that are not there. */
export async function missingObjects(
  repositoryPath: string,
  oids: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  if (oids.length === 0) return [];
  const args = ['cat-file', '--batch-check'];
  const { stdout } = await runGit(repositoryPath, args, { env, input: `${oids.join('\n')}\n` });
  const answers = stdout.toString().split('\n');
  return oids.filter((_, index) => answers[index]?.endsWith(' missing'));
}

/** Environment in which git takes the repository's history as cut at `added`, too. */
export async function shallowEnvironment(quarantine: Quarantine, added: readonly string[]) {
  if (added.length === 0) return quarantine.env;
  const path = join(quarantine.path, 'shallow');
  const oids = [...(await readShallow(quarantine.repositoryPath)), ...added];
  await writeFile(path, `${oids.join('\n')}\n`);
  return { ...quarantine.env, GIT_SHALLOW_FILE: path };
}

const lockTries = 40;
const lockPauseMs = 50;

/** Adds cuts for good, under git's own lock. @throws Error when another push holds it for long. */
export async function addShallow(repositoryPath: string, added: readonly string[]): Promise<void> {
  if (added.length === 0) return;
  const lock = join(repositoryPath, 'shallow.lock');
  const file = await openLock(lock, lockTries);
  try {
    const oids = new Set([...(await readShallow(repositoryPath)), ...added]);
    await file.writeFile(`${[...oids].join('\n')}\n`);
    await file.sync();
    await rename(lock, join(repositoryPath, 'shallow'));
  } catch (error) {
    await rm(lock, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function openLock(path: string, tries: number): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if (tries <= 1 || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await setTimeout(lockPauseMs);
    return openLock(path, tries - 1);
  }
}
