import type { AppRoute, RouteTable } from '../../server/domain/route.ts';

/** A route table that is changed route by route. */
export interface RouteIndex {
  readonly version: number;
  /** By exact host name: lower case, without port. */
  match(host: string): AppRoute | undefined;
  get(appId: string): AppRoute | undefined;
  put(version: number, route: AppRoute): void;
  delete(version: number, appId: string): void;
  replace(table: RouteTable): void;
  table(): RouteTable;
}

export function createRouteIndex(): RouteIndex {
  const byApp = new Map<string, AppRoute>();
  const byHost = new Map<string, AppRoute>();
  let version = 0;

  const forget = (appId: string): void => {
    for (const host of byApp.get(appId)?.hosts ?? []) {
      // Another app may have taken the host over in the meantime.
      if (byHost.get(host)?.appId === appId) byHost.delete(host);
    }
    byApp.delete(appId);
  };
  const learn = (route: AppRoute): void => {
    forget(route.appId);
    byApp.set(route.appId, route);
    for (const host of route.hosts) byHost.set(host, route);
  };
  return {
    get version() {
      return version;
    },
    match: (host) => byHost.get(host),
    get: (appId) => byApp.get(appId),
    put: (newVersion, route) => {
      version = newVersion;
      learn(route);
    },
    delete: (newVersion, appId) => {
      version = newVersion;
      forget(appId);
    },
    replace: (table) => {
      version = table.version;
      byApp.clear();
      byHost.clear();
      for (const route of table.routes) learn(route);
    },
    table: () => ({ version, routes: [...byApp.values()] }),
  };
}

/** The name that is looked up for a Host header: lower case, without port. `[::1]:80` is `[::1]`. */
export function hostName(host: string): string {
  const bracket = host.indexOf(']');
  const colon = host.indexOf(':', bracket + 1);
  return (colon === -1 ? host : host.slice(0, colon)).toLowerCase();
}
