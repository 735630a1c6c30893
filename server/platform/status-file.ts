import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './platform-file.ts';

/** Where a start is, as the supervisor tells it and `up` shows it: `<data>/run/status.json`. */
export type StartStatus =
  | { readonly state: 'starting'; readonly step: string }
  | { readonly state: 'up' }
  | { readonly state: 'failed'; readonly message: string };

/** The long step: its progress is the last line of prepare.log. */
export const baseStep = 'Database and base image';

const pathOf = (data: string) => join(data, 'run', 'status.json');

export async function writeStatus(data: string, status: StartStatus): Promise<void> {
  await writeWhole(pathOf(data), JSON.stringify(status), 0o644);
}

export async function readStatus(data: string): Promise<StartStatus | undefined> {
  const text = await readFile(pathOf(data), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as StartStatus);
}
