import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolder } from './data-folder.ts';

/** Prints an API token of the first user and nothing else. */
export async function run(options: { readonly data?: string }): Promise<number> {
  const data = dataFolder(options.data);
  const token = await readFile(join(data, 'secrets', 'first-user-token'), 'utf8').catch(() => undefined);
  if (token === undefined) {
    process.stderr.write(
      ` !    No token in ${data}: no platform was up there yet, or you are not its owner. Run: shipway up --data ${data}\n`,
    );
    return 4;
  }
  process.stdout.write(`${token.trim()}\n`);
  return 0;
}
