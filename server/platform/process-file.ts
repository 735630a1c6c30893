import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeWhole } from './platform-file.ts';

/** A process, told apart from a later one with the same pid by its start time (clock ticks since boot, /proc/PID/stat field 22). */
export interface ProcessFile {
  readonly pid: number;
  readonly startTicks: string;
}

function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name, field 2, may hold spaces and parentheses: count from its last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export function isAlive(file: ProcessFile): boolean {
  return startTicksOf(file.pid) === file.startTicks;
}

const pathOf = (data: string, name: string) => join(data, 'run', `${name}.pid`);

/** The process that has this pid now. */
export function processOf(pid: number): ProcessFile | undefined {
  const startTicks = startTicksOf(pid);
  return startTicks === undefined ? undefined : { pid, startTicks };
}

export async function writeProcessFile(data: string, name: string, pid: number): Promise<ProcessFile | undefined> {
  const file = processOf(pid);
  if (file) await writeWhole(pathOf(data, name), `${pid} ${file.startTicks}\n`, 0o644);
  return file;
}

/** The program of that name if it runs. */
export async function findProcess(data: string, name: string): Promise<ProcessFile | undefined> {
  const text = await readFile(pathOf(data, name), 'utf8').catch(() => '');
  const [pid, startTicks] = text.trim().split(' ');
  if (pid === undefined || startTicks === undefined) return undefined;
  const file = { pid: Number(pid), startTicks };
  return isAlive(file) ? file : undefined;
}

/** Sends `signal`, waits up to `graceMs`, then SIGKILL. Only ever the very process that the file names. */
export async function endProcess(
  data: string,
  name: string,
  options: { readonly signal: NodeJS.Signals; readonly graceMs: number },
): Promise<void> {
  const file = await findProcess(data, name);
  if (file !== undefined) {
    const deadline = Date.now() + options.graceMs;
    process.kill(file.pid, options.signal);
    while (isAlive(file) && Date.now() < deadline) await sleep(20);
    if (isAlive(file)) process.kill(file.pid, 'SIGKILL');
    while (isAlive(file)) await sleep(20);
  }
  await rm(pathOf(data, name), { force: true });
}
