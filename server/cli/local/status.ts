import { readFile } from 'node:fs/promises';
import { platformUrl, readPlatform } from '../../platform/platform-file.ts';
import { findProcess } from '../../platform/process-file.ts';
import { readStatus } from '../../platform/status-file.ts';
import { dataFolder } from './data-folder.ts';
import { statusNames } from './down.ts';

interface ProgramStatus {
  readonly name: string;
  readonly pid: number | undefined;
  readonly residentBytes: number | undefined;
}

async function residentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = status.match(/^VmRSS:\s+(\d+) kB/m)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

async function programStatus(data: string, name: string): Promise<ProgramStatus> {
  const file = await findProcess(data, name);
  return { name, pid: file?.pid, residentBytes: file && (await residentBytes(file.pid)) };
}

/** Exit code 0 when it is up, 1 when it is not, 4 when there is no platform in that folder. */
export async function run(options: { readonly data?: string; readonly json?: boolean }): Promise<number> {
  const data = dataFolder(options.data);
  const platform = await readPlatform(data);
  const programs = await Promise.all(statusNames.map((name) => programStatus(data, name)));
  const start = programs[0]?.pid === undefined ? undefined : await readStatus(data);
  const state = platform ? (start?.state ?? 'down') : 'none';
  if (options.json) {
    const url = platform && platformUrl(platform);
    process.stdout.write(
      `${JSON.stringify({ state, data, url, domain: platform?.domain, port: platform?.port, id: platform?.id, programs })}\n`,
    );
  } else if (!platform) {
    process.stdout.write(`No platform in ${data}. Make one with: shipway up --data ${data}\n`);
  } else {
    process.stdout.write(`${platformUrl(platform)} is ${state} (data: ${data})\n`);
    for (const { name, pid, residentBytes: bytes } of programs) {
      const detail = pid === undefined ? 'not running' : `pid ${pid}, ${Math.round((bytes ?? 0) / 2 ** 20)} MB`;
      process.stdout.write(`  ${name.padEnd(11)} ${detail}\n`);
    }
  }
  return state === 'up' ? 0 : platform ? 1 : 4;
}
