import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import git from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { CliError } from '../cli-error.ts';
import type { CommandCall } from '../command.ts';
import { findCredentials } from '../credentials.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { note, safeText } from '../terminal.ts';

const branch = 'refs/heads/main';

/** Where the objects are that are pushed: the folder's own repository, or one made for this push. */
interface Source {
  readonly dir: string;
  readonly gitdir: string;
  readonly close: () => Promise<void>;
}

/** The folder as it is, as one commit; .gitignore is respected. */
async function snapshot(dir: string): Promise<Source> {
  const gitdir = await mkdtemp(join(tmpdir(), 'shipway-deploy-'));
  const close = () => rm(gitdir, { recursive: true, force: true });
  try {
    await git.init({ fs, dir, gitdir, defaultBranch: 'main' });
    await git.add({ fs, dir, gitdir, filepath: '.', parallel: true });
    const author = { name: 'shipway deploy', email: 'deploy@localhost' };
    await git.commit({ fs, dir, gitdir, message: `Deploy of ${dir}`, author });
    return { dir, gitdir, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openSource(call: CommandCall): Promise<Source> {
  const root = await git.findRoot({ fs, filepath: call.folder }).catch(() => undefined);
  if (root === undefined || call.flag('snapshot')) return snapshot(call.folder);
  const matrix = await git.statusMatrix({ fs, dir: root });
  const changed = matrix.filter(([, head, workdir]) => head !== workdir).length;
  if (changed > 0)
    note(call.terminal, `${changed} changed files are not committed and stay behind; --snapshot takes them along.`);
  return { dir: root, gitdir: join(root, '.git'), close: async () => undefined };
}

async function push({ api, app, terminal }: AppSession, { dir, gitdir }: Source): Promise<boolean> {
  const token = (await findCredentials(api.baseUrl))?.token ?? '';
  const result = await git.push({
    fs,
    http,
    dir,
    gitdir,
    url: new URL(`/${app}.git`, api.baseUrl).href,
    ref: await git.resolveRef({ fs, dir, gitdir, ref: 'HEAD', depth: 2 }),
    remoteRef: branch,
    force: true,
    onAuth: () => ({ username: 'shipway', password: token }),
    onAuthFailure: () => ({ cancel: true }),
    onMessage: (text) => note(terminal, safeText(text.trimEnd())),
  });
  return result.refs[branch]?.ok === true;
}

/** Deploys this folder without git on the machine: its newest commit, or its files as they are where it is no repository. */
export async function deploy(call: CommandCall): Promise<number | undefined> {
  const session = await openAppSession(call);
  const source = await openSource(call);
  try {
    if (await push(session, source)) return undefined;
    throw new CliError(`${session.app} was not deployed: see above.`, {
      exitCode: 1,
      hint: 'What served before still serves.',
    });
  } catch (error) {
    if (error instanceof git.Errors.GitPushError) {
      const reasons = Object.values(error.data.result.refs).map(({ error: reason }) => reason);
      throw new CliError(`${session.app} was not deployed: ${reasons.join(', ')}.`, {
        exitCode: 1,
        hint: 'What served before still serves.',
      });
    }
    throw error;
  } finally {
    await source.close();
  }
}
