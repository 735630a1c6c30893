import { runGit } from './git-process.ts';

/**
 * Those of `tips` from which git reaches something that is nowhere: git's own check before refs move (connected.c). It walks
 * from the tips to what the refs already hold, so it costs what is new.
 */
export async function findDisconnected(
  repositoryPath: string,
  env: Readonly<Record<string, string>>,
  tips: readonly string[],
): Promise<ReadonlySet<string>> {
  if (await areConnected(repositoryPath, env, tips)) return new Set();
  // Only a broken push comes here: find out which of its refs to refuse.
  const broken = new Set<string>();
  for (const tip of tips) {
    if (tips.length === 1 || !(await areConnected(repositoryPath, env, [tip]))) broken.add(tip);
  }
  return broken;
}

async function areConnected(
  repositoryPath: string,
  env: Readonly<Record<string, string>>,
  tips: readonly string[],
): Promise<boolean> {
  const args = ['rev-list', '--objects', '--stdin', '--not', '--all', '--quiet'];
  const { exitCode } = await runGit(repositoryPath, args, { env, input: `${tips.join('\n')}\n` });
  return exitCode === 0;
}
