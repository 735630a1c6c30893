import ignore from 'ignore';
import type { SourceTree } from '../../server/domain/build-plan.ts';

export interface PreparedTree {
  /** The tree as buildpacks see it: without what .slugignore names. */
  readonly tree: SourceTree;
  /** Whether a path of the archive (file or folder, no slashes at its ends) is part of the app. */
  readonly keeps: (path: string) => boolean;
  readonly notices: readonly string[];
}

/** Applies .slugignore (.gitignore's syntax without `!`: devcenter.heroku.com/articles/slug-compiler) before any buildpack looks. */
export async function prepareTree(tree: SourceTree): Promise<PreparedTree> {
  const notices = submoduleNotices(tree);
  const rules = tree.files.has('.slugignore') ? await tree.readText('.slugignore') : undefined;
  if (rules === undefined) return { tree, keeps: () => true, notices };
  const lines = rules.split(/\r?\n/).filter((line) => !line.trimStart().startsWith('!'));
  const matcher = ignore().add(lines);
  const files = new Map(tree.files.entries().filter(([path]) => !matcher.ignores(path)));
  const ignored = tree.files.size - files.size;
  return {
    tree: {
      oid: tree.oid,
      files,
      readText: async (path) => (files.has(path) ? tree.readText(path) : undefined),
    },
    // A rule with a slash at its end matches folders alone, and the archive names folders and files alike: ask for both.
    keeps: (path) => !matcher.ignores(path) && (tree.files.has(path) || !matcher.ignores(`${path}/`)),
    notices: [...notices, `.slugignore leaves out ${ignored} ${ignored === 1 ? 'file' : 'files'}`],
  };
}

function submoduleNotices(tree: SourceTree): string[] {
  const paths = tree.files
    .values()
    .filter((file) => file.mode === '160000')
    .map((file) => file.path)
    .toArray();
  if (paths.length === 0) return [];
  const named = paths.slice(0, 5).join(', ') + (paths.length > 5 ? ` and ${paths.length - 5} more` : '');
  return [`Submodules are not fetched, their folders are empty: ${named}. Commit the files themselves`];
}
