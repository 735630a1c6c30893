import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Where the objects of one push wait until they are known to be good: git's own scheme (git-receive-pack(1), "Quarantine Environment"). */
export interface Quarantine {
  readonly path: string;
  readonly repositoryPath: string;
  /** Environment in which git writes to the quarantine, reads from both, and refuses to move refs. */
  readonly env: Readonly<Record<string, string>>;
}

const quarantinePrefix = 'incoming-';

/** Order of git's tmp-objdir: the index comes last, since it is what makes a pack visible. */
const migrationOrder = ['.keep', '.pack', '.rev', '.idx'];

export async function openQuarantine(repositoryPath: string): Promise<Quarantine> {
  const objects = join(repositoryPath, 'objects');
  const path = await mkdtemp(join(objects, quarantinePrefix));
  return {
    path,
    repositoryPath,
    env: {
      GIT_OBJECT_DIRECTORY: path,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
      GIT_QUARANTINE_PATH: path,
    },
  };
}

/** Moves the packs into the repository. A pack that is there already has the same name and the same content. */
export async function migrateQuarantine({ path, repositoryPath }: Quarantine): Promise<void> {
  const names = await readdir(join(path, 'pack')).catch(() => []);
  const rank = (name: string) => migrationOrder.findIndex((suffix) => name.endsWith(suffix));
  const packs = names.filter((name) => name.startsWith('pack-') && rank(name) >= 0);
  for (const name of packs.sort((a, b) => rank(a) - rank(b))) {
    await rename(join(path, 'pack', name), join(repositoryPath, 'objects', 'pack', name));
  }
}

export async function removeQuarantine({ path }: Quarantine): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Removes what a killed server left in the repositories: quarantines, half-made and half-removed repositories, temporary packs,
 * and lock files, each of which would make every later push to its ref fail. Call it before the first push is taken.
 */
export async function cleanQuarantines(root: string): Promise<void> {
  for (const name of await namesIn(root)) {
    const path = join(root, name);
    if (name.startsWith('.new-') || name.startsWith('.old-')) await rm(path, { recursive: true, force: true });
    else if (name.endsWith('.git')) await cleanRepository(path);
  }
}

async function cleanRepository(repositoryPath: string): Promise<void> {
  const objects = join(repositoryPath, 'objects');
  const quarantines = (await namesIn(objects)).filter((name) => name.startsWith(quarantinePrefix));
  const packs = (await namesIn(join(objects, 'pack'))).filter((name) => /^\.?tmp[_-]/.test(name));
  const locks = (await namesIn(repositoryPath)).filter((name) => name.endsWith('.lock'));
  const refLocks = await readdir(join(repositoryPath, 'refs'), { recursive: true }).catch(() => []);
  const doomed = [
    ...quarantines.map((name) => join(objects, name)),
    ...packs.map((name) => join(objects, 'pack', name)),
    ...locks.map((name) => join(repositoryPath, name)),
    ...refLocks.filter((name) => basename(name).endsWith('.lock')).map((name) => join(repositoryPath, 'refs', name)),
  ];
  for (const path of doomed) await rm(path, { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
