import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { statusNames } from '../../server/cli/local/down.ts';
import { findProcess } from '../../server/platform/process-file.ts';
import { startPlatform } from '../support/platform.ts';
import type { BenchRow } from './bench-row.ts';

const settleMs = 20_000;
const target = '300 MB in all';
const megabyte = 1e6;

interface Memory {
  /** Every page that is mapped and present, those shared with others counted in full. */
  readonly residentBytes: number;
  /** Each shared page divided by the number of processes that map it: adds up to what the machine gives. */
  readonly proportionalBytes: number;
}

/**
 * What a platform holds that was just started and has nothing to do, program by program. Processes share the text of the node and
 * postgres binaries and PostgreSQL's buffers, so resident sizes add up to more than is taken from the machine; proportional ones do not.
 */
export async function benchIdle(): Promise<BenchRow[]> {
  const platform = await startPlatform();
  try {
    process.stderr.write(`idle: the platform is up; waiting ${settleMs / 1000} s\n`);
    await sleep(settleMs);
    const programs = await Promise.all(
      statusNames.map(async (name) => ({ name, memory: await programMemory(platform.data, name) })),
    );
    const all = [...programs, { name: 'all programs', memory: add(programs.map(({ memory }) => memory)) }];
    return [
      ...all.map(({ name, memory }) => row(`idle: ${name}, resident (RSS)`, memory.residentBytes)),
      ...all.map(({ name, memory }) => row(`idle: ${name}, proportional (PSS)`, memory.proportionalBytes)),
    ];
  } finally {
    await platform.down();
  }
}

function row(name: string, bytes: number): BenchRow {
  return { name, unit: 'MB', shipway: bytes / megabyte, peers: {}, target };
}

async function programMemory(data: string, name: string): Promise<Memory> {
  const found = await findProcess(data, name);
  if (!found) throw new Error(`Cannot measure: ${name} does not run.`);
  // PostgreSQL is its postmaster and all that it forks. The supervisor's children are programs of their own.
  const pids = name === 'postgres' ? [found.pid, ...(await childrenOf(found.pid))] : [found.pid];
  return add(await Promise.all(pids.map(processMemory)));
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, index) => parents[index] === parent);
}

/** Field 4 of proc(5)'s stat, counted after the command's closing parenthesis. Undefined for a process that has ended. */
async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** A backend that ended meanwhile holds nothing. */
async function processMemory(pid: number): Promise<Memory> {
  const smaps = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
  const bytes = (field: string) => Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(smaps)?.[1] ?? 0) * 1024;
  return { residentBytes: bytes('Rss'), proportionalBytes: bytes('Pss') };
}

function add(memories: readonly Memory[]): Memory {
  return {
    residentBytes: memories.reduce((sum, memory) => sum + memory.residentBytes, 0),
    proportionalBytes: memories.reduce((sum, memory) => sum + memory.proportionalBytes, 0),
  };
}

if (import.meta.main) console.log(JSON.stringify(await benchIdle(), null, 2));
