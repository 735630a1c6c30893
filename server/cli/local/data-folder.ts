import { resolve } from 'node:path';
import { environment } from '../../platform/environment.ts';

/** `--data`, else $SHIPWAY_DATA, else where the system keeps such things: /var/lib for root, the user's own folder otherwise. */
export function dataFolder(given: string | undefined): string {
  const home = environment.XDG_DATA_HOME ?? `${environment.HOME ?? '.'}/.local/share`;
  const fallback = process.getuid?.() === 0 ? '/var/lib/shipway' : `${home}/shipway`;
  return resolve(given ?? environment.SHIPWAY_DATA ?? fallback);
}
