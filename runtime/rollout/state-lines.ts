import type { InstanceExit } from '../../server/domain/instance.ts';

/** What the platform says in an app's log, in Heroku's words: people and their alerts search for them. */
export function startingLine(command: string): string {
  return `Starting process with command \`${command}\``;
}

export function stateLine(from: string, to: string): string {
  return `State changed from ${from} to ${to}`;
}

export const sigtermLine = 'Stopping all processes with SIGTERM';
export const sigkillLine = 'Stopping process with SIGKILL';
export const memoryQuotaLine = 'Error R14 (Memory quota exceeded)';

export function exitLines(exit: InstanceExit | undefined): readonly string[] {
  if (exit === undefined) return ['Process ended'];
  const status = `Process exited with status ${exit.code}`;
  return exit.outOfMemory ? ['Error R15 (Memory quota vastly exceeded)', sigkillLine, status] : [status];
}

export function bootTimeoutLine(bootTimeoutMs: number): string {
  const seconds = Math.round(bootTimeoutMs / 1000);
  return `Error R10 (Boot timeout) -> Web process failed to bind to $PORT within ${seconds} seconds of launch`;
}

export function exitTimeoutLine(graceMs: number): string {
  const seconds = Math.round(graceMs / 1000);
  return `Error R12 (Exit timeout) -> At least one process failed to exit within ${seconds} seconds of SIGTERM`;
}
