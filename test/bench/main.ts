import { parseArgs } from 'node:util';
import type { BenchRow } from './bench-row.ts';

/** `npm run bench -- push|router|receive|idle [--json]`. With --json, one array of rows on stdout and nothing else. */
const benches: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  push: async () => (await import('./push.ts')).benchPush(),
  router: async () => (await import('./router.ts')).benchRouter(),
  receive: async () => (await import('./receive.ts')).benchReceive(),
  idle: async () => (await import('./idle.ts')).benchIdle(),
};

function print(rows: readonly BenchRow[]): void {
  for (const { name, unit, shipway, peers, target } of rows) {
    const others = Object.entries(peers).map(([peer, value]) => `${peer} ${value.toFixed(1)}`);
    process.stdout.write(`${name} (${unit}): shipway ${shipway.toFixed(1)}, ${others.join(', ')}; target: ${target}\n`);
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(benches);
const rows: BenchRow[] = [];
for (const name of chosen) {
  const bench = benches[name];
  if (!bench) {
    process.stderr.write(`No benchmark is called ${name}. There are: ${Object.keys(benches).join(', ')}.\n`);
    process.exit(2);
  }
  rows.push(...(await bench()));
}
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else print(rows);
