import { path } from '../api-client.ts';
import type { CommandCall } from '../command.ts';
import { openAppSession } from '../session.ts';
import { appShape } from '../shapes.ts';
import { print } from '../terminal.ts';

export async function showMaintenance(call: CommandCall): Promise<undefined> {
  const { api, terminal, app } = await openAppSession(call);
  const { maintenance } = await api.call({ method: 'GET', path: path`/apps/${app}` }, appShape);
  print(terminal, maintenance ? 'on' : 'off');
}

export async function setMaintenance(call: CommandCall, on: boolean): Promise<undefined> {
  const { api, terminal, app } = await openAppSession(call);
  await api.call({ method: 'PATCH', path: path`/apps/${app}`, body: { maintenance: on } }, appShape);
  print(terminal, `Maintenance mode of ${app} is ${on ? 'on' : 'off'}`);
}
