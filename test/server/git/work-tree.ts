import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { clientEnvironment, mustGit } from './git-server.ts';

/** A work tree of the pusher's, on branch main, without commits. */
export async function makeWorkTree(parent: string): Promise<string> {
  const path = await mkdtemp(join(parent, 'work-'));
  await mustGit(path, 'init', '--quiet', '--initial-branch=main');
  return path;
}

/** Writes files and commits them. @returns the commit. */
export async function commit(path: string, files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  await mustGit(path, 'add', '--all');
  await mustGit(path, 'commit', '--quiet', '--allow-empty', '--message', `Change ${Object.keys(files).join(', ')}`);
  return mustGit(path, 'rev-parse', 'HEAD');
}

/** A bare repository of 5 objects a commit, by `git fast-import`: 20,000 commits in about 3 s. */
export async function importHistory(path: string, commits: number): Promise<void> {
  await mustGit('/', 'init', '--quiet', '--bare', '--initial-branch=main', path);
  const child = spawn('git', ['fast-import', '--quiet'], {
    cwd: path,
    env: clientEnvironment,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(child, 'close');
  for (let number = 1; number <= commits; number++) {
    if (!child.stdin.write(importedCommit(number))) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  await ended;
}

function importedCommit(number: number): string {
  const path = `d${number % 40}/s${Math.floor(number / 40) % 25}/f${number % 977}.txt`;
  const content = `${`line ${number}\n`.repeat(5 + (number % 20))}${Math.sin(number)}\n`;
  const message = `Change ${number}`;
  return [
    'commit refs/heads/main',
    `mark :${number}`,
    `committer Ann <ann@example.com> ${1_700_000_000 + number} +0000`,
    `data ${message.length}`,
    message,
    ...(number > 1 ? [`from :${number - 1}`] : []),
    `M 100644 inline ${path}`,
    `data ${content.length}`,
    content,
    '',
  ].join('\n');
}
