import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hiddenRefPrefix } from '../domain/git.ts';
import { isRefName } from './ref-name.ts';

const oidPattern = /^[0-9a-f]{40}$/;

/**
 * The oid of exactly this ref, or undefined. Not by a resolver like isomorphic-git's, which falls back from `refs/heads/main`
 * to `refs/tags/refs/heads/main`, a name that any pusher may make.
 */
export async function readRef(repositoryPath: string, ref: string): Promise<string | undefined> {
  if (!isRefName(ref)) return undefined;
  return (await readLoose(repositoryPath, ref)) ?? (await readPacked(repositoryPath)).get(ref);
}

/** All refs that may be shown, by name in git's order (bytes). */
export async function readRefs(repositoryPath: string): Promise<ReadonlyMap<string, string>> {
  // Loose first: `git pack-refs` writes packed-refs before it removes loose files, so this order misses none.
  const loose = await readLooseBelow(repositoryPath, 'refs');
  const refs = new Map([...(await readPacked(repositoryPath)), ...loose]);
  const shown = [...refs].filter(([name]) => !name.startsWith(hiddenRefPrefix));
  return new Map(shown.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

async function readLooseBelow(repositoryPath: string, folder: string): Promise<[string, string][]> {
  const entries = await readdir(join(repositoryPath, folder), { withFileTypes: true }).catch(noEntry(() => []));
  const found = await Promise.all(
    entries.map(async (entry): Promise<[string, string][]> => {
      const name = `${folder}/${entry.name}`;
      if (`${name}/` === hiddenRefPrefix) return [];
      if (entry.isDirectory()) return readLooseBelow(repositoryPath, name);
      const oid = isRefName(name) ? await readLoose(repositoryPath, name) : undefined;
      return oid === undefined ? [] : [[name, oid]];
    }),
  );
  return found.flat();
}

async function readLoose(repositoryPath: string, ref: string): Promise<string | undefined> {
  const text = await readFile(join(repositoryPath, ref), 'utf8').catch(noEntry(() => ''));
  const oid = text.trim();
  return oidPattern.test(oid) ? oid : undefined;
}

async function readPacked(repositoryPath: string): Promise<Map<string, string>> {
  const text = await readFile(join(repositoryPath, 'packed-refs'), 'utf8').catch(noEntry(() => ''));
  return parsePackedRefs(text);
}

/** gitrepository-layout(5): `<oid> <ref>` lines; `#` starts the header, `^` a peeled tag. */
export function parsePackedRefs(text: string): Map<string, string> {
  const refs = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [oid, name] = [line.slice(0, 40), line.slice(41)];
    if (line[40] === ' ' && oidPattern.test(oid)) refs.set(name, oid);
  }
  return refs;
}

/** A ref that is not there, that is a folder, or whose folder is a ref, is no error. */
function noEntry<T>(fallback: () => T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes(error.code ?? '')) return fallback();
    throw error;
  };
}
