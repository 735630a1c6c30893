import type { AppRoute, RouterCommand, RouteTable, Target } from '../../server/domain/route.ts';

/*
 * Checks by hand what enters the router from the server and from its snapshot: a schema library would be a fifth of
 * the program's memory.
 */

const states = new Set<unknown>(['blank', 'stopped', 'crashed', 'booting', 'live', 'maintenance']);

/** @throws Error for anything but a command. */
export function parseRouterCommand(line: string): RouterCommand {
  const message = asObject(JSON.parse(line));
  if (message.type === 'table') return { type: 'table', table: parseRouteTable(message.table) };
  const version = asNumber(message.version);
  if (message.type === 'put') return { type: 'put', version, route: parseRoute(message.route) };
  if (message.type === 'delete') return { type: 'delete', version, appId: asText(message.appId) };
  throw new Error('Cannot read a command of the server: its type is unknown.');
}

/** @throws Error for anything but a table. */
export function parseRouteTable(value: unknown): RouteTable {
  const table = asObject(value);
  return { version: asNumber(table.version), routes: asArray(table.routes).map(parseRoute) };
}

function parseRoute(value: unknown): AppRoute {
  const route = asObject(value);
  const state = route.state;
  if (!states.has(state)) throw new Error('Cannot read a route: its state is unknown.');
  return {
    appId: asText(route.appId),
    appName: asText(route.appName),
    hosts: asArray(route.hosts).map(asText),
    state: state as AppRoute['state'],
    targets: asArray(route.targets).map(parseTarget),
  };
}

function parseTarget(value: unknown): Target {
  const target = asObject(value);
  return {
    instanceId: asText(target.instanceId),
    name: asText(target.name),
    host: asText(target.host),
    port: asNumber(target.port),
    releaseVersion: asNumber(target.releaseVersion),
  };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error('Cannot read routes: an object was expected.');
  return value as Readonly<Record<string, unknown>>;
}

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('Cannot read routes: a list was expected.');
  return value;
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw new Error('Cannot read routes: text was expected.');
  return value;
}

function asNumber(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new Error('Cannot read routes: a whole number was expected.');
  }
  return value;
}
