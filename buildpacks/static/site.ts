import type { SourceTree } from '../../server/domain/build-plan.ts';
import { ShipwayError } from '../../server/domain/error.ts';

export interface Site {
  /** Folder that is served, relative to the app's root; empty for all of it. */
  readonly root: string;
  readonly because: string;
  /** index.html answers for every path that is no file. */
  readonly single: boolean;
  readonly notes: readonly string[];
}

/** Where an index.html makes a repository a site, in this order. */
const usualRoots = ['', 'public'];
/** Words of a path that a shell takes as they are between single quotes. */
const safeFolder = /^[^'\p{Cc}]+$/u;

export function hasSite(tree: SourceTree): boolean {
  return tree.files.has('Staticfile') || usualRoots.some((root) => hasIndex(tree, root));
}

/** @throws ShipwayError invalid_params when the Staticfile names a folder that is not there. */
export async function chooseSite(tree: SourceTree): Promise<Site> {
  const settings = parseStaticfile((await tree.readText('Staticfile')) ?? '');
  const single = settings.get('pushstate') === 'enabled';
  const unknown = settings.keys().filter((name) => name !== 'root' && name !== 'pushstate');
  const notes = unknown.map((name) => `Staticfile: ${name} is not known here and is ignored`).toArray();
  const wanted = settings.get('root');
  if (wanted !== undefined) return { root: checkRoot(tree, wanted), because: 'root in Staticfile', single, notes };
  const root = usualRoots.find((candidate) => hasIndex(tree, candidate)) ?? '';
  return { root, because: hasIndex(tree, root) ? 'index.html' : 'Staticfile', single, notes };
}

/** Cloud Foundry's Staticfile: `<name>: <value>` a line, `#` begins a comment. */
export function parseStaticfile(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    settings.set(
      line.slice(0, colon).trim(),
      line
        .slice(colon + 1)
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2'),
    );
  }
  return settings;
}

function checkRoot(tree: SourceTree, wanted: string): string {
  const parts = wanted.split('/').filter((part) => part !== '' && part !== '.');
  const root = parts.join('/');
  if (root === '') return '';
  const exists = tree.files.keys().some((path) => path.startsWith(`${root}/`));
  if (exists && !parts.includes('..') && safeFolder.test(root)) return root;
  throw new ShipwayError(
    'invalid_params',
    `Cannot serve "${wanted.slice(0, 100)}", the root in Staticfile: the repository has no such folder. Correct the line "root: <folder>".`,
  );
}

function hasIndex(tree: SourceTree, root: string): boolean {
  return tree.files.has(root === '' ? 'index.html' : `${root}/index.html`);
}
