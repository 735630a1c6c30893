import { readFileSync } from 'node:fs';
import type { LayerPlan } from '../../server/domain/build-plan.ts';

/** In every image: instances are started as `/opt/shipway/start '<command>'`. */
export const launcherPath = '/opt/shipway/start';

const script = readFileSync(new URL('start.sh', import.meta.url), 'utf8');

export const launcherLayer: LayerPlan = {
  name: 'launcher',
  title: 'Adding the launcher',
  launch: true,
  uses: [],
  from: { kind: 'files', files: { [launcherPath]: { text: script, executable: true } } },
};
