import { formatTime } from '../ages.ts';
import { path } from '../api-client.ts';
import { CliError, usageError } from '../cli-error.ts';
import type { CommandCall } from '../command.ts';
import { isRepository, readRemotes } from '../git.ts';
import { ask } from '../prompt.ts';
import { openAppSession, openSession } from '../session.ts';
import { appShape, formationShape } from '../shapes.ts';
import { formatTable, note, paint, print, printHeading, printJson } from '../terminal.ts';
import { connectFolder, defaultRemote } from './git.ts';

export async function listApps(call: CommandCall): Promise<undefined> {
  const { api, terminal } = await openSession(call);
  const apps = await api.list({ method: 'GET', path: '/users/~/apps' }, appShape);
  if (call.flag('json')) return printJson(terminal, apps);
  if (apps.length === 0) return note(terminal, 'You have no apps. Make one: shipway create NAME');
  const sorted = apps.toSorted((a, b) => a.name.localeCompare(b.name));
  print(terminal, formatTable(sorted.map(({ name, web_url }) => [name, web_url ?? ''])));
}

export async function createApp(call: CommandCall): Promise<undefined> {
  const [typed] = call.args;
  const flag = call.text('app');
  if (typed !== undefined && flag !== undefined && typed !== flag) throw usageError('Give the name once.');
  const session = await openSession(call);
  const { api, terminal } = session;
  const name = typed ?? flag;
  const body = name === undefined ? {} : { name };
  const app = await api.call({ method: 'POST', path: '/apps', body }, appShape);
  note(terminal, `Created ${paint(terminal, 'bold', app.name)}`);
  if (call.flag('json')) printJson(terminal, app);
  else print(terminal, `${app.web_url ?? ''} | ${app.git_url}`);
  if (call.isOff('remote') || !(await isRepository(call.folder))) return;
  await connectFolder(session, app.git_url, call.text('remote') ?? defaultRemote);
}

export async function showApp(call: CommandCall): Promise<undefined> {
  const { api, terminal, app: name } = await openAppSession(call);
  const [app, formation] = await Promise.all([
    api.call({ method: 'GET', path: path`/apps/${name}` }, appShape),
    api.list({ method: 'GET', path: path`/apps/${name}/formation` }, formationShape),
  ]);
  if (call.flag('json')) return printJson(terminal, { ...app, formation });
  printHeading(terminal, app.name);
  const scale = formation.map(({ type, quantity, size }) => `${type}=${quantity}:${size}`).join(' ');
  const rows = [
    ['Web URL:', app.web_url ?? ''],
    ['Git URL:', app.git_url],
    ['Owner:', app.owner.email],
    ['Language:', app.buildpack_provided_description ?? ''],
    ['Formation:', scale],
    ['Maintenance:', app.maintenance ? 'on' : ''],
    ['Created:', formatTime(app.created_at)],
    ['Released:', app.released_at ? formatTime(app.released_at) : 'not yet'],
  ];
  print(terminal, formatTable(rows.filter(([, value]) => value !== '')));
}

export async function renameApp(call: CommandCall): Promise<undefined> {
  const session = await openAppSession(call);
  const { api, terminal, app: oldName, folder } = session;
  const body = { name: call.args[0] };
  const app = await api.call({ method: 'PATCH', path: path`/apps/${oldName}`, body }, appShape);
  print(terminal, `Renamed ${oldName} to ${app.name}\n${app.web_url ?? ''} | ${app.git_url}`);
  const { origin } = api.baseUrl;
  for (const remote of await readRemotes(folder)) {
    if (remote.appName === oldName && remote.origin === origin) await connectFolder(session, app.git_url, remote.name);
  }
}

export async function destroyApp(call: CommandCall): Promise<undefined> {
  const { api, terminal, app: name } = await openAppSession(call);
  // A wrong name is found before anybody is asked.
  await api.call({ method: 'GET', path: path`/apps/${name}` }, appShape);
  if (call.text('confirm') === undefined) {
    note(terminal, `${name} will be gone: its instances, releases, config vars, logs and repository.`);
    if (!terminal.isInteractive)
      throw usageError('Not confirmed.', `shipway apps:destroy --app ${name} --confirm ${name}`);
  }
  const confirmed = call.text('confirm') ?? (await ask(terminal, `Type ${name} to go on`));
  if (confirmed !== name) {
    throw new CliError(`Not destroyed: ${confirmed} is not ${name}.`, { exitCode: 2 });
  }
  await api.tell({ method: 'DELETE', path: path`/apps/${name}` });
  print(terminal, `Destroyed ${name}`);
}
