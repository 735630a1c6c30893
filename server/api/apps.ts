import { z } from 'zod';
import type { App } from '../domain/app.ts';
import type { Release } from '../domain/release.ts';
import type { ApiDeps } from './deps.ts';
import { formatTime, region, stack } from './json.ts';
import { type ListShape, pageOf, readRange, replyPage } from './range.ts';
import { parseBody } from './request-body.ts';
import { appRoute, type Reply, type Route, reply, type UserCall, userRoute } from './route.ts';

const name = z.string({ error: 'must be text' });
const offered = (what: string, { id, name }: { readonly id: string; readonly name: string }) =>
  z.union([z.literal(name), z.literal(id), z.object({ name: z.literal(name) }), z.object({ id: z.literal(id) })], {
    error: `is not offered here. The only ${what} is ${name}`,
  });

const createSchema = z.object({
  name: name.nullish(),
  region: offered('region', region).nullish(),
  stack: offered('stack', stack).nullish(),
});
const updateSchema = z.object({
  name: name.optional(),
  maintenance: z.boolean({ error: 'must be true or false' }).optional(),
  build_stack: offered('stack', stack).optional(),
});

const shape: ListShape<App> = {
  keys: { id: (app) => app.id, name: (app) => app.name, updated_at: (app) => app.updatedAt.toISOString() },
};

function writeApp(app: App, current: Release | undefined, { control }: ApiDeps) {
  return {
    acm: false,
    archived_at: null,
    build_stack: stack,
    buildpack_provided_description: current?.image?.buildpack ?? null,
    created_at: formatTime(app.createdAt),
    git_url: control.gitUrl(app),
    id: app.id,
    internal_routing: null,
    maintenance: app.maintenance,
    name: app.name,
    organization: null,
    owner: { email: app.ownerEmail, id: app.ownerId },
    region,
    released_at: current ? formatTime(current.createdAt) : null,
    repo_size: null,
    slug_size: current?.image?.sizeBytes ?? null,
    space: null,
    stack,
    team: null,
    updated_at: formatTime(app.updatedAt),
    web_url: control.webUrl(app),
  };
}

async function replyApp(deps: ApiDeps, app: App, status = 200): Promise<Reply> {
  return reply(writeApp(app, await deps.stores.releases.current(app.id), deps), status);
}

export async function listApps(deps: ApiDeps, { request, user }: UserCall): Promise<Reply> {
  const range = readRange(request, shape);
  const page = pageOf(await deps.stores.apps.ofOwner(user.id), range, shape);
  return replyPage(page, async (app) => writeApp(app, await deps.stores.releases.current(app.id), deps));
}

export function appRoutes(deps: ApiDeps): readonly Route[] {
  const { control } = deps;
  return [
    userRoute('get', '/apps', (call) => listApps(deps, call)),
    userRoute('post', '/apps', async (call) => {
      const { name } = parseBody(call, createSchema);
      return replyApp(deps, await control.createApp({ name: name ?? undefined, user: call.user }), 201);
    }),
    appRoute('get', '', ({ app }) => replyApp(deps, app)),
    appRoute('patch', '', async (call) => {
      const { name, maintenance } = parseBody(call, updateSchema);
      let { app } = call;
      if (name !== undefined && name !== app.name) app = await control.renameApp(app, name);
      if (maintenance !== undefined && maintenance !== app.maintenance)
        app = await control.setMaintenance(app, maintenance);
      return replyApp(deps, app);
    }),
    appRoute('delete', '', async ({ app }) => {
      const answer = await replyApp(deps, app);
      await control.destroyApp(app);
      return answer;
    }),
  ];
}
