import { instanceSizes } from '../domain/process-type.ts';
import type { ApiDeps } from './deps.ts';
import { formatSize, nameId, region, stack } from './json.ts';
import { appRoute, type Route, reply, userRoute } from './route.ts';

/** When the API as it is described here came to be; regions and stacks are as old. */
const since = '2026-01-01T00:00:00Z';

const regions = [
  {
    ...region,
    country: null,
    created_at: since,
    description: 'This machine',
    locale: null,
    private_capable: false,
    provider: { name: 'shipway', region: region.name },
    updated_at: since,
  },
];
const stacks = [{ ...stack, created_at: since, default: true, state: 'public', updated_at: since }];
const sizes = Object.entries(instanceSizes).map(([name, { memoryBytes, cpus }]) => ({
  compute: cpus,
  id: nameId('dyno size', name),
  memory: memoryBytes / 2 ** 30,
  name: formatSize(name),
}));

/** What Shipway does not have: an empty list says so, and keeps `heroku apps:info` and its like working. */
const emptyLists = [
  '/addons',
  '/addon-attachments',
  '/pipelines',
  '/teams',
  '/spaces',
  '/account/keys',
  '/account/features',
];
const emptyAppLists = [
  '/addons',
  '/addon-attachments',
  '/buildpack-installations',
  '/collaborators',
  '/domains',
  '/features',
  '/log-drains',
  '/pipeline-couplings',
  '/sni-endpoints',
];

export function platformRoutes({ baseUrl, version }: ApiDeps): readonly Route[] {
  const { hostname } = new URL(baseUrl);
  const platform = { api_url: baseUrl, domain: hostname, git_url: baseUrl, version };
  return [
    userRoute('get', '/platform', async () => reply(platform)),
    userRoute('get', '/regions', async () => reply(regions)),
    userRoute('get', '/stacks', async () => reply(stacks)),
    userRoute('get', '/dyno-sizes', async () => reply(sizes)),
    ...emptyLists.map((path) => userRoute('get', path, async () => reply([]))),
    ...emptyAppLists.map((path) => appRoute('get', path, async () => reply([]))),
  ];
}
