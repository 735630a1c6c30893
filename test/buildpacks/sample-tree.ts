import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { SourceFile, SourceTree } from '../../server/domain/build-plan.ts';

/** A tree made of values, with the oids that git would give its blobs. */
export function treeOf(
  files: Readonly<Record<string, string>>,
  modes: Readonly<Record<string, string>> = {},
): SourceTree {
  const entries = Object.entries(files).map(([file, text]): [string, SourceFile] => [
    file,
    { path: file, mode: modes[file] ?? '100644', oid: blobOid(text), sizeBytes: Buffer.byteLength(text) },
  ]);
  return {
    oid: createHash('sha1').update(JSON.stringify(entries)).digest('hex'),
    files: new Map(entries),
    readText: async (file) => files[file],
  };
}

/** A sample app of test/apps as a tree. */
export function sampleTree(app: string): SourceTree {
  const root = sampleFolder(app);
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(path.join(root, name)).isFile(),
  );
  return treeOf(Object.fromEntries(names.sort().map((name) => [name, readFileSync(path.join(root, name), 'utf8')])));
}

export function sampleFolder(app: string): string {
  return path.join(import.meta.dirname, '..', 'apps', app);
}

/** Commits the folder as it is to a bare repository, which is made on first use. */
export function commitFolder(folder: string, repository: string): { readonly commit: string; readonly tree: string } {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@b.c'];
  const git = (...args: string[]) =>
    execFileSync('git', [`--git-dir=${repository}`, ...who, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z' },
    }).trim();
  git('init', '--bare', '--quiet');
  git(`--work-tree=${folder}`, 'add', '--all', folder);
  const tree = git('write-tree');
  // Of the tree alone, so that equal folders are equal pushes.
  const commit = git('commit-tree', tree, '-m', 'sample');
  git('update-ref', 'refs/heads/main', commit);
  return { commit, tree };
}

function blobOid(text: string): string {
  return createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');
}
