import type { Build } from '../domain/build.ts';
import {
  type Push,
  type PushReceiver,
  type RefCommand,
  type RefResult,
  type Repositories,
  zeroOid,
} from '../domain/git.ts';
import type { Stores } from '../domain/stores.ts';
import { followBuild } from './build-output.ts';
import type { Deploys } from './deploy.ts';

const deployRefs = ['refs/heads/main', 'refs/heads/master'];
const accepted = (ref: string): RefResult => ({ ref, ok: true });
const rejected = (ref: string, reason: string): RefResult => ({ ref, ok: false, reason });

/** Pure: the command that deploys (main before master), and those that only move refs. */
export function splitCommands(commands: readonly RefCommand[]): {
  readonly deploy: RefCommand | undefined;
  readonly others: readonly RefCommand[];
} {
  const deploying = deployRefs.flatMap((ref) =>
    commands.filter((command) => command.ref === ref && command.newOid !== zeroOid),
  );
  const deploy = deploying[0];
  return { deploy, others: commands.filter((command) => command !== deploy) };
}

/** What the pusher is told of a finished build, in the words of `! [remote rejected]`. */
function resultOf(ref: string, build: Build | undefined): RefResult {
  if (build === undefined) return rejected(ref, 'app destroyed');
  if (build.status === 'succeeded')
    return build.failure === undefined ? accepted(ref) : rejected(ref, 'release failed');
  if (build.status === 'replaced') return rejected(ref, 'replaced by a newer push');
  if (build.status === 'canceled') return rejected(ref, 'build canceled');
  return rejected(ref, 'build failed');
}

function noticeFor(command: RefCommand): string | undefined {
  if (!command.ref.startsWith('refs/heads/')) return undefined;
  const branch = command.ref.slice('refs/heads/'.length);
  if (command.newOid === zeroOid) return `Deleted ${branch}. What runs is not touched.`;
  return `Stored ${branch}. Only main or master deploys: git push shipway ${branch}:main deploys it.`;
}

/** What happens to a push once its objects are safe: main or master deploys, every other ref moves at once. */
export function createPushReceiver(deps: {
  readonly stores: Stores;
  readonly repositories: Repositories;
  readonly deploys: Deploys;
}): PushReceiver {
  const { stores, repositories, deploys } = deps;

  async function moveOne(push: Push, command: RefCommand, tell: (line: string) => void): Promise<RefResult> {
    if (!(await repositories.updateRef(push.appId, command)))
      return rejected(command.ref, 'moved meanwhile, fetch first');
    const notice = noticeFor(command);
    if (notice) tell(notice);
    return accepted(command.ref);
  }

  async function moveAll(
    push: Push,
    commands: readonly RefCommand[],
    tell: (line: string) => void,
  ): Promise<readonly RefResult[]> {
    if (!push.atomic) {
      const results: RefResult[] = [];
      for (const command of commands) results.push(await moveOne(push, command, tell));
      return results;
    }
    const moved = await repositories.updateRefs(push.appId, commands);
    return commands.map(({ ref }) =>
      moved ? accepted(ref) : rejected(ref, 'atomic push failed: a ref moved meanwhile'),
    );
  }

  async function deploy(
    push: Push,
    command: RefCommand,
    alsoMove: readonly RefCommand[],
    tell: (line: string) => void,
  ): Promise<RefResult> {
    const commit = await repositories.readCommit(push.appId, command.newOid);
    if (!commit) return rejected(command.ref, 'not a commit');
    const build = await deploys.submit({
      appId: push.appId,
      userId: push.userId,
      commit: commit.commit,
      tree: commit.tree,
      command,
      receiveMs: push.receiveMs,
      alsoMove,
    });
    return resultOf(command.ref, await followBuild(stores.builds, build.id, (line) => tell(line.text)));
  }

  /** A ref that cannot move must fail an atomic push before anything is built. */
  async function stuckRef(push: Push, commands: readonly RefCommand[]): Promise<string | undefined> {
    for (const { ref, oldOid } of commands) {
      if (((await repositories.readRef(push.appId, ref)) ?? zeroOid) !== oldOid) return ref;
    }
    return undefined;
  }

  async function receiveAtomic(
    push: Push,
    command: RefCommand,
    others: readonly RefCommand[],
    tell: (line: string) => void,
  ): Promise<readonly RefResult[]> {
    const stuck = await stuckRef(push, others);
    if (stuck) return push.commands.map(({ ref }) => rejected(ref, `atomic push failed: ${stuck} moved meanwhile`));
    const result = await deploy(push, command, others, tell);
    const reason = result.ok ? '' : `atomic push failed: ${result.reason}`;
    return [result, ...others.map(({ ref }) => (result.ok ? accepted(ref) : rejected(ref, reason)))];
  }

  return {
    receive: async (push, tell) => {
      for (const option of push.options) tell(`Push option ${option} has no meaning here and is ignored.`);
      const { deploy: command, others } = splitCommands(push.commands);
      if (!command) return moveAll(push, others, tell);
      if (push.atomic) return receiveAtomic(push, command, others, tell);
      const moved = await moveAll(push, others, tell);
      return [...moved, await deploy(push, command, [], tell)];
    },
  };
}
