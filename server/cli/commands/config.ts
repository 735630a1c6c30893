import { path } from '../api-client.ts';
import { usageError } from '../cli-error.ts';
import type { CommandCall } from '../command.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { configShape, releaseShape } from '../shapes.ts';
import { formatTable, note, paint, print, printHeading, printJson, type Terminal } from '../terminal.ts';

type ConfigVars = Readonly<Record<string, string>>;

const isName = (name: string) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);

/** A line that any POSIX shell reads back as the same value. */
export function formatShell(name: string, value: string): string {
  return /^[\w@%+:,./-]+$/.test(value) ? `${name}=${value}` : `${name}='${value.replaceAll("'", String.raw`'\''`)}'`;
}

/** `GREETING=Hi there`: everything after the first `=` is the value. */
export function parseAssignment(text: string): readonly [string, string] {
  const index = text.indexOf('=');
  const name = text.slice(0, index);
  if (index === -1 || !isName(name)) {
    throw usageError(`${text} is not NAME=value.`, "shipway config:set GREETING='Hi there'");
  }
  return [name, text.slice(index + 1)];
}

async function readConfig({ api, app }: AppSession): Promise<ConfigVars> {
  return api.call({ method: 'GET', path: path`/apps/${app}/config-vars` }, configShape);
}

function sorted(config: ConfigVars): readonly (readonly [string, string])[] {
  return Object.entries(config).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function printConfig(terminal: Terminal, config: ConfigVars, format: 'plain' | 'shell' | 'json'): undefined {
  if (format === 'json') return printJson(terminal, Object.fromEntries(sorted(config)));
  if (format === 'shell') {
    for (const [name, value] of sorted(config)) print(terminal, formatShell(name, value));
    return;
  }
  const rows = sorted(config).map(([name, value]) => [`${name}:`, value]);
  if (rows.length > 0) print(terminal, formatTable(rows));
}

function formatOf(call: CommandCall): 'plain' | 'shell' | 'json' {
  if (call.flag('json')) return 'json';
  return call.flag('shell') ? 'shell' : 'plain';
}

export async function showConfig(call: CommandCall): Promise<undefined> {
  const session = await openAppSession(call);
  const config = await readConfig(session);
  const format = formatOf(call);
  if (format === 'plain') printHeading(session.terminal, `${session.app} Config Vars`);
  printConfig(session.terminal, config, format);
}

/** Of one var the value alone; an unset one is an empty line, as Heroku has it. */
export async function getConfig(call: CommandCall): Promise<undefined> {
  const session = await openAppSession(call);
  const config = await readConfig(session);
  const format = formatOf(call);
  if (format === 'plain') {
    for (const name of call.args) print(session.terminal, config[name] ?? '');
    return;
  }
  const wanted = call.args.flatMap((name) => (config[name] === undefined ? [] : [[name, config[name]] as const]));
  printConfig(session.terminal, Object.fromEntries(wanted), format);
}

async function change(session: AppSession, changes: Readonly<Record<string, string | null>>): Promise<ConfigVars> {
  const { api, app, terminal } = session;
  const releases = path`/apps/${app}/releases`;
  const config = await api.call({ method: 'PATCH', path: path`/apps/${app}/config-vars`, body: changes }, configShape);
  const range = 'version ..; order=desc,max=1';
  const [release] = await api.list({ method: 'GET', path: releases, range }, releaseShape);
  const version = release === undefined ? '' : `, ${paint(terminal, 'green', `v${release.version}`)}`;
  note(terminal, `${Object.keys(changes).join(', ')} of ${app}: done${version}`);
  return config;
}

export async function setConfig(call: CommandCall): Promise<undefined> {
  const changes = Object.fromEntries(call.args.map(parseAssignment));
  const session = await openAppSession(call);
  const config = await change(session, changes);
  const set = Object.keys(changes).flatMap((name) =>
    config[name] === undefined ? [] : [[name, config[name]] as const],
  );
  printConfig(session.terminal, Object.fromEntries(set), 'plain');
}

export async function unsetConfig(call: CommandCall): Promise<undefined> {
  const session = await openAppSession(call);
  await change(session, Object.fromEntries(call.args.map((name) => [name, null])));
}
