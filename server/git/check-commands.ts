import { hiddenRefPrefix, type RefCommand, type RefResult } from '../domain/git.ts';
import { isRefName } from './ref-name.ts';

/** Why each command cannot be done whatever the repository holds, as `ng` says it; undefined for those that may go on. */
export function checkCommands(commands: readonly RefCommand[]): readonly (string | undefined)[] {
  const counts = new Map<string, number>();
  for (const { ref } of commands) counts.set(ref, (counts.get(ref) ?? 0) + 1);
  return commands.map(({ ref }) => {
    if (!isRefName(ref)) return 'funny refname';
    if (ref.startsWith(hiddenRefPrefix)) return `${hiddenRefPrefix} is kept for the platform`;
    if ((counts.get(ref) ?? 0) > 1) return 'more than one command for this ref';
    return undefined;
  });
}

/** `--atomic`: what is wrong with one command fails all of them. */
export function spreadRefusals(reasons: readonly (string | undefined)[], atomic: boolean): (string | undefined)[] {
  if (!atomic || reasons.every((reason) => reason === undefined)) return [...reasons];
  return reasons.map((reason) => reason ?? 'atomic push failed');
}

/** One result for each command, in the pusher's order: refused ones, and what the receiver said of the others. */
export function joinResults(
  commands: readonly RefCommand[],
  reasons: readonly (string | undefined)[],
  received: readonly RefResult[],
): RefResult[] {
  const byRef = new Map(received.map((result) => [result.ref, result]));
  return commands.map(({ ref }, index) => {
    const reason = reasons[index];
    if (reason !== undefined) return { ref, ok: false, reason };
    return byRef.get(ref) ?? { ref, ok: false, reason: 'not handled' };
  });
}
