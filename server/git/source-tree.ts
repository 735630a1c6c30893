import { Readable } from 'node:stream';
import type { SourceFile, SourceTree } from '../domain/build-plan.ts';
import { gitEnded, gitFailure, runGit, spawnGit } from './git-process.ts';
import { createObjectReader } from './object-reader.ts';

const maxTextBytes = 4 * 2 ** 20;

/** The listing of a commit's tree, with texts read when they are asked for. @throws Error for what is no commit or tree. */
export async function readSourceTree(repositoryPath: string, commit: string): Promise<SourceTree> {
  assertOid(commit);
  const objects = createObjectReader(repositoryPath);
  const [oid, files] = await Promise.all([objects.resolve(`${commit}^{tree}`), listFiles(repositoryPath, commit)]);
  if (oid === undefined) throw new Error(`Cannot read the tree of ${commit}: it is not in ${repositoryPath}.`);
  const texts = new Map<string, Promise<string>>();
  return {
    oid,
    files,
    async readText(path) {
      const file = files.get(path);
      // A symlink's blob is where it points to, and a submodule has none: neither is the text of a file.
      if (!file?.mode.startsWith('100') || file.sizeBytes > maxTextBytes) return undefined;
      const text = texts.get(file.oid) ?? objects.contents(file.oid).then((bytes) => bytes.toString());
      texts.set(file.oid, text);
      return text;
    },
  };
}

/** `git ls-tree` lists 25,000 files in 85 ms; paths with `..` cannot be in it, since the fsck of every push refuses them. */
async function listFiles(repositoryPath: string, commit: string): Promise<ReadonlyMap<string, SourceFile>> {
  const args = ['ls-tree', '-r', '-z', '-l', '--full-tree', commit];
  const result = await runGit(repositoryPath, args);
  if (result.exitCode !== 0) throw gitFailure(args, result);
  return parseTreeListing(result.stdout.toString());
}

/** `<mode> <type> <oid> <size, padded><tab><path><NUL>` (git-ls-tree(1), "Output Format"); a submodule's size is `-`. */
export function parseTreeListing(text: string): Map<string, SourceFile> {
  const files = new Map<string, SourceFile>();
  for (const entry of text.split('\0')) {
    const [, mode, oid, size, path] = /^(\d{6}) [a-z]+ ([0-9a-f]{40}) +(\d+|-)\t(.+)$/s.exec(entry) ?? [];
    if (mode === undefined || oid === undefined || path === undefined) continue;
    files.set(path, { path, mode, oid, sizeBytes: size === '-' ? 0 : Number(size) });
  }
  return files;
}

/**
 * The files of a commit or tree as a tar, as pushed. Entries have the commit's time; those of a bare tree have the current one, so set
 * times before comparing. The stream fails when git does, rather than end early.
 */
export function exportTree(repositoryPath: string, treeOrCommit: string): Readable {
  assertOid(treeOrCommit);
  async function* tar(): AsyncGenerator<Buffer> {
    const args = ['-c', 'tar.umask=0022', 'archive', '--format=tar', treeOrCommit];
    const child = spawnGit(repositoryPath, args);
    const ended = gitEnded(child, args);
    child.stdin.end();
    try {
      yield* child.stdout;
      const result = await ended;
      if (result.exitCode !== 0) throw gitFailure(args, result);
    } finally {
      child.kill('SIGKILL');
    }
  }
  return Readable.from(tar(), { objectMode: false });
}

/** Everything else could be an option or a revision expression. */
function assertOid(text: string): void {
  if (!/^[0-9a-f]{40}$/.test(text)) throw new Error(`Cannot read ${JSON.stringify(text)}: no object name.`);
}
