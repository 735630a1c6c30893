import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestPlatform } from '../support/platform.ts';
import type { CommandResult, RunningCommand } from '../support/run-command.ts';

/** A user's clone of an app, with the platform as the remote `shipway`. */
export interface Repository {
  readonly folder: string;
  /** Writes the files (undefined deletes one) and commits. Answers the commit. */
  readonly commit: (files: Readonly<Record<string, string | undefined>>) => Promise<string>;
  readonly git: (...args: string[]) => Promise<CommandResult>;
  readonly push: (...args: string[]) => Promise<CommandResult>;
  readonly startPush: (...args: string[]) => RunningCommand;
}

export const sampleApp = (name: string) => join(import.meta.dirname, '..', 'apps', name);
export const testApp = (name: string) => join(import.meta.dirname, 'apps', name);

/** A repository with one commit on main: the files of `source`, a folder. */
export async function createRepository(platform: TestPlatform, app: string, source: string): Promise<Repository> {
  const folder = await mkdtemp(join(platform.folder, `${app}-`));
  const git = async (...args: string[]) => platform.git(args, folder);
  const mustGit = async (...args: string[]) => {
    const result = await git(...args);
    if (result.exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr}`);
    return result.stdout.trim();
  };
  const commitAll = async () => {
    await mustGit('add', '--all');
    await mustGit('commit', '--quiet', '--allow-empty', '--message', 'Change');
    return mustGit('rev-parse', 'HEAD');
  };
  await cp(source, folder, { recursive: true });
  await mustGit('init', '--quiet', '--initial-branch=main');
  await mustGit('remote', 'add', 'shipway', `${platform.url}/${app}.git`);
  await commitAll();
  return {
    folder,
    git,
    commit: async (files) => {
      for (const [path, content] of Object.entries(files)) {
        const target = join(folder, path);
        await mkdir(dirname(target), { recursive: true });
        if (content === undefined) await rm(target);
        else await writeFile(target, content);
      }
      return commitAll();
    },
    push: (...args) => git('push', 'shipway', ...(args.length === 0 ? ['main'] : args)),
    startPush: (...args) => platform.startGit(['push', 'shipway', ...(args.length === 0 ? ['main'] : args)], folder),
  };
}
