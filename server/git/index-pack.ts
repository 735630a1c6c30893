import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ByteReader } from './byte-reader.ts';
import { gitEnded, gitFailure, spawnGit } from './git-process.ts';
import { readPackIndex } from './pack-index.ts';
import type { Quarantine } from './quarantine.ts';
import { limitBytes } from './request-body.ts';

/** How the pack of a push ended. `reason` is for the pusher. */
export type PackResult =
  /** `closed`: every object that the tips lead to is in the pack, so nothing else needs a look. */
  { readonly status: 'indexed'; readonly closed: boolean } | { readonly status: 'refused'; readonly reason: string };

export interface IndexPackRequest {
  readonly reader: ByteReader;
  readonly quarantine: Quarantine;
  readonly env: Readonly<Record<string, string>>;
  /** Objects that refs are to point to. */
  readonly tips: readonly string[];
  readonly maxPackBytes: number;
  /** Takes git's own progress; undefined for a quiet push. */
  readonly onProgress: ((bytes: Buffer) => void) | undefined;
}

/** Malformations that old, honest histories are full of and that harm nobody; GitLab takes the same three. */
const tolerated = 'badTimezone=ignore,missingSpaceBeforeDate=ignore,zeroPaddedFilemode=ignore';

/** What git says when the machine fails it, not the pack. */
const platformFailure =
  /No space left|quota exceeded|Input\/output error|Read-only file system|Permission denied|out of memory/i;

const packHeadBytes = 12;
const packTrailerBytes = 20;

class PackTooLargeError extends Error {}

/**
 * Streams a pack into `git index-pack`. With --strict it checks each object (fsck) and that everything an object names exists,
 * in the pack or in the repository. A pack without objects ("nothing new") starts no process.
 */
export async function indexPack(request: IndexPackRequest): Promise<PackResult> {
  const head = await request.reader.peek(packHeadBytes);
  if (head.length < packHeadBytes || head.toString('latin1', 0, 4) !== 'PACK') {
    return { status: 'refused', reason: 'the pack is missing or broken' };
  }
  const objectCount = head.readUInt32BE(8);
  if (objectCount === 0) return skipEmptyPack(request.reader);
  return runIndexPack(request, objectCount);
}

async function skipEmptyPack(reader: ByteReader): Promise<PackResult> {
  await reader.take(packHeadBytes + packTrailerBytes);
  return { status: 'indexed', closed: false };
}

async function runIndexPack(request: IndexPackRequest, objectCount: number): Promise<PackResult> {
  const args = ['index-pack', '--stdin', '--fix-thin', `--strict=${tolerated}`, '--check-self-contained-and-connected'];
  if (request.onProgress !== undefined) args.push('--show-resolving-progress');
  const child = spawnGit(request.quarantine.repositoryPath, args, { env: request.env });
  const ended = gitEnded(child, args);
  if (request.onProgress !== undefined) child.stderr.on('data', request.onProgress);
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('latin1');
  });
  const failure = await feed(request, child.stdin);
  if (failure !== undefined) {
    child.kill('SIGKILL');
    await ended.catch(() => undefined);
    if (failure instanceof PackTooLargeError) return { status: 'refused', reason: failure.message };
    throw failure;
  }
  const result = await ended;
  if (platformFailure.test(result.stderr)) throw gitFailure(args, result);
  // 1: sound, but it leans on objects of the repository.
  if (result.exitCode > 1) return { status: 'refused', reason: complaint(result.stderr) };
  const closed = result.exitCode === 0 && (await holdsAll(request, stdout, objectCount));
  return { status: 'indexed', closed };
}

/** Resolves to what went wrong on the pusher's side; git's own end, a broken pipe, shows in its exit code. */
async function feed(request: IndexPackRequest, stdin: NodeJS.WritableStream): Promise<Error | undefined> {
  let failure: Error | undefined;
  async function* source() {
    try {
      yield* limitBytes(request.reader.rest(), request.maxPackBytes, () => tooLarge(request.maxPackBytes));
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw failure;
    }
  }
  await pipeline(source(), stdin).catch(() => undefined);
  return failure;
}

function tooLarge(maxPackBytes: number): PackTooLargeError {
  const limit = `${Math.ceil(maxPackBytes / 2 ** 20)} MiB`;
  return new PackTooLargeError(
    `the push is larger than the limit of ${limit}: remove large files from its history, or raise SHIPWAY_MAX_PACK_BYTES`,
  );
}

/**
 * By the rule of git's own clone: a self-contained pack with all tips in it needs no walk of the history. The count tells packs to which
 * --fix-thin added objects of the repository: those were not checked.
 */
async function holdsAll({ quarantine, tips }: IndexPackRequest, stdout: string, objectCount: number): Promise<boolean> {
  const [, name] = /^pack\t([0-9a-f]{40})$/m.exec(stdout) ?? [];
  if (name === undefined) return false;
  const index = await readPackIndex(join(quarantine.path, 'pack', `pack-${name}.idx`), tips);
  return index.objectCount === objectCount && tips.every((tip) => index.found.has(tip));
}

/** The first thing that index-pack held against the pack. */
function complaint(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).filter((line) => /^(error|fatal): /.test(line));
  return lines[0]?.replace(/^(error|fatal): /, '') ?? 'the pack is broken';
}
