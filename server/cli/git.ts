import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CliError } from './cli-error.ts';

const run = promisify(execFile);

export interface GitRemote {
  readonly name: string;
  /** `http://localhost:8080` */
  readonly origin: string;
  readonly appName: string;
}

async function git(folder: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', [...args], { cwd: folder, encoding: 'utf8' });
    return stdout;
  } catch {
    return undefined;
  }
}

/** `http://localhost:8080/hello.git`, with or without a user in it: what the platform gives as `git_url`. */
export function parseGitUrl(url: string): { readonly origin: string; readonly appName: string } | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, origin, pathname } = new URL(url);
  const appName = /^\/([a-z0-9-]+)\.git\/?$/.exec(pathname)?.[1];
  return appName === undefined || !/^https?:$/.test(protocol) ? undefined : { origin, appName };
}

/** From `git config --get-regexp '^remote\..*\.url$'`: a name may hold dots and spaces, the URL comes after the last `.url `. */
export function parseRemotes(output: string): readonly GitRemote[] {
  return output.split('\n').flatMap((line) => {
    const [matched, name = '', url = ''] = /^remote\.(.*)\.url (.*)$/.exec(line) ?? [];
    const target = matched === undefined ? undefined : parseGitUrl(url);
    return target === undefined ? [] : [{ name, ...target }];
  });
}

/** The remotes of the folder that look like an app's; none outside of a repository. */
export async function readRemotes(folder: string): Promise<readonly GitRemote[]> {
  return parseRemotes((await git(folder, 'config', '--get-regexp', String.raw`^remote\..*\.url$`)) ?? '');
}

export async function isRepository(folder: string): Promise<boolean> {
  return (await git(folder, 'rev-parse', '--git-dir')) !== undefined;
}

export async function setRemote(folder: string, name: string, url: string): Promise<void> {
  const known = await git(folder, 'config', '--get', `remote.${name}.url`);
  const args = known === undefined ? ['remote', 'add', name, url] : ['remote', 'set-url', name, url];
  if ((await git(folder, ...args)) === undefined) {
    throw new CliError(`Cannot set the git remote ${name} in ${folder}.`, {
      exitCode: 1,
      hint: `git ${args.join(' ')}`,
    });
  }
}

/**
 * Lets git ask this program for the token of that host, as Heroku's CLI does for its own. Other helpers of the host stay.
 * Without a HOME that can be written, git asks the user instead.
 */
export async function installCredentialHelper(folder: string, gitUrl: string, launcher: string): Promise<void> {
  const { origin } = new URL(gitUrl);
  const helper = `!'${launcher.replaceAll("'", String.raw`'\''`)}' git:credentials`;
  await git(folder, 'config', '--global', '--replace-all', `credential.${origin}.helper`, helper, 'git:credentials$');
}
