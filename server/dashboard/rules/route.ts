export const appTabs = ['overview', 'builds', 'logs', 'releases', 'config', 'scale', 'settings'] as const;

export type AppTab = (typeof appTabs)[number];

/** Every page that can be linked. */
export type Route =
  | { readonly page: 'apps' }
  | { readonly page: 'new' }
  | { readonly page: 'app'; readonly app: string; readonly tab: AppTab; readonly build?: string }
  | { readonly page: 'unknown' };

export function parseRoute(path: string): Route {
  const parts = decodeParts(path);
  if (parts === undefined) return { page: 'unknown' };
  const [first, app, tab = 'overview', build] = parts;
  if (first === undefined) return { page: 'apps' };
  if (first === 'new' && app === undefined) return { page: 'new' };
  if (first !== 'apps') return { page: 'unknown' };
  if (app === undefined) return { page: 'apps' };
  const known = appTabs.find((name) => name === tab);
  if (known === undefined || parts.length > 4) return { page: 'unknown' };
  if (build === undefined) return { page: 'app', app, tab: known };
  return known === 'builds' ? { page: 'app', app, tab: known, build } : { page: 'unknown' };
}

export function formatRoute(route: Route): string {
  if (route.page === 'new') return '/new';
  if (route.page !== 'app') return '/';
  const parts = ['apps', route.app, route.tab === 'overview' ? undefined : route.tab, route.build];
  return `/${parts
    .filter((part) => part !== undefined)
    .map(encodeURIComponent)
    .join('/')}`;
}

function decodeParts(path: string): readonly string[] | undefined {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
