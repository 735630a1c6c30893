import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { platformUrl, readPlatform } from '../../platform/platform-file.ts';
import { dataFolder } from './data-folder.ts';

/** The platform of this machine in that data folder, and the first user's token; undefined where there is none to be read. */
export async function findFirstUser(
  data: string | undefined,
): Promise<{ readonly url: URL; readonly token: string } | undefined> {
  const folder = dataFolder(data);
  const token = await readFile(join(folder, 'secrets', 'first-user-token'), 'utf8').catch(() => undefined);
  const platform = token === undefined ? undefined : await readPlatform(folder);
  if (token === undefined || platform === undefined) return undefined;
  return { url: new URL(platformUrl(platform)), token: token.trim() };
}
