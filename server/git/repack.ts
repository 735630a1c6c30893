import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gitFailure, runGit } from './git-process.ts';

/** Each push leaves a pack; git looks into every one of them for every object. */
const maxPacks = 50;

/**
 * Housekeeping after a push, never before its answer. Geometric repacking joins small packs, so its cost follows what is new, and keeps objects
 * that no ref reaches yet: those of a push that is on its way to its refs.
 */
export function createRepack({ log }: { readonly log: (text: string) => void }): (repositoryPath: string) => void {
  const running = new Set<string>();

  async function repack(repositoryPath: string): Promise<void> {
    const names = await readdir(join(repositoryPath, 'objects', 'pack'));
    if (names.filter((name) => name.endsWith('.pack')).length <= maxPacks) return;
    for (const args of [
      ['repack', '--geometric=2', '-d', '-q'],
      ['pack-refs', '--all'],
    ]) {
      const result = await runGit(repositoryPath, args);
      if (result.exitCode !== 0) throw gitFailure(args, result);
    }
  }
  return (repositoryPath) => {
    if (running.has(repositoryPath)) return;
    running.add(repositoryPath);
    repack(repositoryPath)
      .catch((error: Error) => log(`Cannot repack ${repositoryPath}: ${error.message}`))
      .finally(() => running.delete(repositoryPath));
  };
}
