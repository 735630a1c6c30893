import type { App } from '../domain/app.ts';
import type { InstanceView } from '../domain/control.ts';
import { ShipwayError } from '../domain/error.ts';
import { instanceName } from '../domain/instance.ts';
import type { ApiDeps } from './deps.ts';
import { formatSize, formatTime, nameId, refApp } from './json.ts';
import { type ListShape, pageOf, readRange, replyPage } from './range.ts';
import { type AppCall, appRoute, pathPart, type Route, reply } from './route.ts';

/** An instance, which Heroku calls a dyno. `release` is null for one whose release row is gone. */
async function writeDyno(app: App, view: InstanceView, { stores }: ApiDeps) {
  const { instance, state, command, size, since } = view;
  const release = await stores.releases.find(app.id, instance.releaseVersion);
  return {
    app: refApp(app),
    attach_url: null,
    command,
    created_at: formatTime(instance.startedAt ?? since),
    id: dynoId(view),
    name: instanceName(instance),
    release: release ? { id: release.id, version: release.version } : null,
    size: formatSize(size),
    state,
    type: instance.processType,
    updated_at: formatTime(since),
  };
}

const dynoId = ({ instance }: InstanceView) => nameId('dyno', instance.id);
const shape: ListShape<InstanceView> = {
  keys: { name: ({ instance }) => instanceName(instance), id: dynoId },
};

const notBuiltYet = () =>
  new ShipwayError('invalid_params', 'Cannot run a one-off instance: this version of Shipway does not do it yet.');

export function dynoRoutes(deps: ApiDeps): readonly Route[] {
  const { control, stores } = deps;

  const findDyno = async (call: AppCall): Promise<InstanceView> => {
    const identity = pathPart(call, 'dyno');
    const views = await control.instances(call.app);
    const view = views.find((one) => instanceName(one.instance) === identity || dynoId(one) === identity);
    if (!view) throw new ShipwayError('not_found', "Couldn't find that dyno.", { resource: 'dyno' });
    return view;
  };
  const findType = async (call: AppCall): Promise<string> => {
    const type = pathPart(call, 'type');
    const formation = await stores.formations.ofApp(call.app.id);
    if (formation.some((entry) => entry.type === type)) return type;
    throw new ShipwayError('not_found', "Couldn't find that process type.", { resource: 'formation' });
  };
  const restart = async ({ app, user }: AppCall, instance: string | undefined) => {
    await control.restart({ app, user, instance });
    return reply({}, 202);
  };
  const stop = async ({ app, user }: AppCall, instance: string) => {
    await control.stop({ app, user, instance });
    return reply({}, 202);
  };
  return [
    appRoute('get', '/dynos', async ({ request, app }) => {
      const range = readRange(request, shape);
      const page = pageOf(await control.instances(app), range, shape);
      return replyPage(page, (view) => writeDyno(app, view, deps));
    }),
    appRoute('get', '/dynos/:dyno', async (call) => reply(await writeDyno(call.app, await findDyno(call), deps))),
    appRoute('delete', '/dynos', (call) => restart(call, undefined)),
    appRoute('delete', '/dynos/:dyno', async (call) => restart(call, instanceName((await findDyno(call)).instance))),
    appRoute('delete', '/formations/:type', async (call) => restart(call, await findType(call))),
    appRoute('post', '/dynos/:dyno/actions/stop', async (call) =>
      stop(call, instanceName((await findDyno(call)).instance)),
    ),
    appRoute('post', '/formations/:type/actions/stop', async (call) => stop(call, await findType(call))),
    appRoute('post', '/dynos', () => Promise.reject(notBuiltYet())),
    appRoute('post', '/dynos/:dyno', () => Promise.reject(notBuiltYet())),
  ];
}
