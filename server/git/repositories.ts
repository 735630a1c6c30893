import { randomUUID } from 'node:crypto';
import { access, appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RefCommand, type Repositories, zeroOid } from '../domain/git.ts';
import { gitFailure, runGit } from './git-process.ts';
import { isRefName } from './ref-name.ts';
import { readRef } from './refs.ts';

const appIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const oidPattern = /^[0-9a-f]{40}$/;

/**
 * gc.auto 0: no push waits for housekeeping, repack.ts does it. Hidden refs are neither shown nor fetched. Files over
 * 32 MiB are streamed instead of held in memory for delta compression.
 */
const config = `[gc]
	auto = 0
[receive]
	fsckObjects = true
[transfer]
	hideRefs = refs/shipway
[uploadpack]
	hideRefs = refs/shipway
	keepAlive = 5
[core]
	bigFileThreshold = 32m
`;

/** What is built is what was pushed, byte for byte: no file left out of `git archive`, no line end changed on the way. */
const attributes = '* -export-ignore -export-subst -text -ident !filter !working-tree-encoding\n';

/** Bare repositories in `<root>/<app id>.git`. */
export function createRepositories({ root }: { readonly root: string }): Repositories {
  /** Only an app's id, never a name that a user chose, becomes part of a path. */
  function pathOf(appId: string): string {
    if (!appIdPattern.test(appId))
      throw new Error(`Cannot name the repository of ${JSON.stringify(appId)}: no app id.`);
    return join(root, `${appId}.git`);
  }
  return {
    pathOf,
    create: (appId) => createRepository(root, pathOf(appId)),
    remove: (appId) => removeRepository(root, pathOf(appId)),
    readRef: (appId, ref) => readRef(pathOf(appId), ref),
    updateRef: (appId, command) => updateRefs(pathOf(appId), [command]),
    updateRefs: (appId, commands) => updateRefs(pathOf(appId), commands),
    readCommit: (appId, oid) => readCommit(pathOf(appId), oid),
    isDescendant: (appId, commit, ancestor) => isDescendant(pathOf(appId), commit, ancestor),
  };
}

/** Whole or not at all: made under another name, then renamed. Does nothing where it is already. */
async function createRepository(root: string, path: string): Promise<void> {
  if (await exists(join(path, 'HEAD'))) return;
  await mkdir(root, { recursive: true, mode: 0o700 });
  const unfinished = join(root, `.new-${randomUUID()}`);
  // No template: its sample hooks are dead weight, and a hook is code that nobody here asked for.
  const args = ['init', '--bare', '--quiet', '--template=', '--initial-branch=main', unfinished];
  const result = await runGit(unfinished, args);
  if (result.exitCode !== 0) throw gitFailure(args, result);
  await appendFile(join(unfinished, 'config'), config);
  await mkdir(join(unfinished, 'info'), { recursive: true });
  await writeFile(join(unfinished, 'info', 'attributes'), attributes);
  await rename(unfinished, path).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true, force: true });
    // Two first pushes at once: the other one was faster.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}

async function removeRepository(root: string, path: string): Promise<void> {
  const doomed = join(root, `.old-${randomUUID()}`);
  await rename(path, doomed).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rm(doomed, { recursive: true, force: true });
}

/** One transaction of git-update-ref(1) `--stdin`: every old value is compared, then all refs move or none. */
async function updateRefs(path: string, commands: readonly RefCommand[]): Promise<boolean> {
  const lines: string[] = [];
  for (const command of commands) {
    assertCommand(command);
    const isDelete = command.newOid === zeroOid;
    if (isDelete && command.oldOid === zeroOid) {
      // update-ref has no words for "delete what is not there".
      if ((await readRef(path, command.ref)) !== undefined) return false;
    } else if (isDelete) lines.push(`delete ${command.ref}\0${command.oldOid}\0`);
    else lines.push(`update ${command.ref}\0${command.newOid}\0${command.oldOid}\0`);
  }
  if (lines.length === 0) return true;
  const args = ['update-ref', '--stdin', '-z'];
  const result = await runGit(path, args, { input: lines.join('') });
  if (result.exitCode === 0) return true;
  if (isRefused(result.stderr)) return false;
  throw gitFailure(args, result);
}

/** Moved meanwhile, in the way of another ref's folder, or no commit: the pusher's matter. The rest (a full disk) is ours. */
function isRefused(stderr: string): boolean {
  return /but expected|already exists|unable to resolve reference|cannot create|non-commit object|File exists|nonexistent object/.test(
    stderr,
  );
}

function assertCommand({ ref, oldOid, newOid }: RefCommand): void {
  if (!isRefName(ref)) throw new Error(`Cannot update ${JSON.stringify(ref)}: no ref name.`);
  if (!oidPattern.test(oldOid) || !oidPattern.test(newOid)) throw new Error(`Cannot update ${ref}: no object name.`);
}

/**
 * By `git cat-file`, not in process: 3 ms and no memory at any size, where isomorphic-git's first read from a pack of 125,000 objects
 * took 145 ms and 60 MB that a cache per repository would have kept.
 */
async function readCommit(path: string, oid: string): ReturnType<Repositories['readCommit']> {
  if (!oidPattern.test(oid)) return undefined;
  const args = ['cat-file', '--batch'];
  const result = await runGit(path, args, { input: `${oid}^{commit}\n` });
  if (result.exitCode !== 0) throw gitFailure(args, result);
  return parseCommit(result.stdout.toString());
}

/** `<oid> commit <size>`, headers, an empty line, the message; `<name> missing` for what is no commit. */
function parseCommit(text: string): Awaited<ReturnType<Repositories['readCommit']>> {
  const [, commit, tree] = /^([0-9a-f]{40}) commit \d+\ntree ([0-9a-f]{40})\n/.exec(text) ?? [];
  if (commit === undefined || tree === undefined) return undefined;
  return { commit, tree, message: text.slice(text.indexOf('\n\n') + 2).trimEnd() };
}

async function isDescendant(path: string, commit: string, ancestor: string): Promise<boolean> {
  if (!oidPattern.test(commit) || !oidPattern.test(ancestor)) return false;
  const args = ['merge-base', '--is-ancestor', ancestor, commit];
  const result = await runGit(path, args);
  if (result.exitCode > 1 && !result.stderr.includes('Not a valid commit name')) throw gitFailure(args, result);
  return result.exitCode === 0;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
