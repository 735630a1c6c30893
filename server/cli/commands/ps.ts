import { formatAge, formatTime } from '../ages.ts';
import { path } from '../api-client.ts';
import { usageError } from '../cli-error.ts';
import type { CommandCall } from '../command.ts';
import { openAppSession } from '../session.ts';
import { dynoShape, formationShape } from '../shapes.ts';
import {
  formatTable,
  note,
  paint,
  print,
  printHeading,
  printJson,
  type Style,
  safeText,
  type Terminal,
} from '../terminal.ts';

const stateStyles: Readonly<Record<string, Style>> = { up: 'green', starting: 'yellow', crashed: 'red' };

export interface ScaleUpdate {
  readonly type: string;
  readonly quantity: string;
  readonly size?: string;
}

/** `web=2`, `web+1`, `web-1`, `worker=1:standard-2x`: quantities go to the API as they are. A type may hold dashes. */
export function parseScale(text: string): ScaleUpdate {
  const [matched, type = '', sign = '', number = '', size] = /^([\w-]+?)([=+-])(\d+)(?::([\w-]+))?$/.exec(text) ?? [];
  if (matched === undefined) throw usageError(`${text} is not a scale.`, 'shipway ps:scale web=2 worker+1:standard-2x');
  const quantity = sign === '=' ? number : sign + number;
  return size === undefined ? { type, quantity } : { type, quantity, size };
}

export async function listInstances(call: CommandCall): Promise<undefined> {
  const { api, terminal, app } = await openAppSession(call);
  const dynos = await api.list({ method: 'GET', path: path`/apps/${app}/dynos` }, dynoShape);
  if (call.flag('json')) return printJson(terminal, dynos);
  if (dynos.length === 0) return note(terminal, `No instances of ${app} run.`);
  const now = new Date();
  const groups = Object.entries(Object.groupBy(dynos, ({ type }) => type));
  for (const [index, [type, members = []]] of groups.entries()) {
    const [first] = members;
    if (index > 0) print(terminal, '');
    printHeading(terminal, `${type} (${first?.size}): ${safeText(first?.command ?? '')} (${members.length})`);
    const rows = members.map(({ name, state, updated_at, release }) => [
      `${name}:`,
      state,
      formatTime(updated_at),
      `(${formatAge(updated_at, now)})`,
      release ? `v${release.version}` : '',
    ]);
    print(terminal, paintStates(terminal, formatTable(rows)));
  }
}

function paintStates(terminal: Terminal, table: string): string {
  return table.replace(/^(\S+ +)(\S+)/gm, (_, before: string, state: string) => {
    const style = stateStyles[state];
    return before + (style === undefined ? state : paint(terminal, style, state));
  });
}

export async function scale(call: CommandCall): Promise<undefined> {
  const updates = call.args.map(parseScale);
  const { api, terminal, app } = await openAppSession(call);
  const formationPath = path`/apps/${app}/formation`;
  const formation =
    updates.length === 0
      ? await api.list({ method: 'GET', path: formationPath }, formationShape)
      : await api.list({ method: 'PATCH', path: formationPath, body: { updates } }, formationShape);
  if (call.flag('json')) return printJson(terminal, formation);
  const text = formation.map(({ type, quantity, size }) => `${type}=${quantity}:${size}`).join(' ');
  if (updates.length > 0) return print(terminal, `Scaled ${app}: ${text}`);
  print(terminal, text === '' ? `${app} has no process types yet: they come with its first deploy.` : text);
}

export async function restart(call: CommandCall): Promise<undefined> {
  const [instance] = call.args;
  const { api, terminal, app } = await openAppSession(call);
  const all = path`/apps/${app}/dynos`;
  const some = instance?.includes('.') ? path`/apps/${app}/dynos/${instance}` : undefined;
  const type = instance === undefined ? undefined : path`/apps/${app}/formations/${instance}`;
  await api.tell({ method: 'DELETE', path: some ?? type ?? all });
  print(terminal, `Restarting ${instance ?? 'all instances'} of ${app}`);
}

export async function stop(call: CommandCall): Promise<undefined> {
  const [instance = ''] = call.args;
  const { api, terminal, app } = await openAppSession(call);
  const one = path`/apps/${app}/dynos/${instance}/actions/stop`;
  const type = path`/apps/${app}/formations/${instance}/actions/stop`;
  await api.tell({ method: 'POST', path: instance.includes('.') ? one : type });
  print(terminal, `Stopping ${instance} of ${app}`);
}
