import type { App } from '../domain/app.ts';
import type { DesiredApp, DesiredRelease } from '../domain/desired.ts';
import { type FormationEntry, limitsOf } from '../domain/process-type.ts';
import type { Release } from '../domain/release.ts';
import type { Stores } from '../domain/stores.ts';
import { appHost, type PlatformSettings } from './settings.ts';

/** What existing apps read of themselves; config vars of the same name win. */
function platformVariables(app: App, release: Release): Record<string, string> {
  return {
    HEROKU_APP_ID: app.id,
    HEROKU_APP_NAME: app.name,
    HEROKU_RELEASE_VERSION: `v${release.version}`,
    HEROKU_RELEASE_CREATED_AT: release.createdAt.toISOString(),
    ...(release.commit === undefined ? {} : { HEROKU_SLUG_COMMIT: release.commit }),
  };
}

function desiredRelease(
  app: App,
  release: Release | undefined,
  settings: PlatformSettings,
): DesiredRelease | undefined {
  if (release?.image === undefined) return undefined;
  const { repository, digest, processTypes } = release.image;
  return {
    version: release.version,
    image: `${settings.registryHost}/${repository}@${digest}`,
    processTypes,
    env: { ...platformVariables(app, release), ...release.configVars },
  };
}

/** Pure: what an app should look like, from its releases and its formation. */
export function desiredApp(options: {
  readonly app: App;
  readonly current: Release | undefined;
  readonly latest: Release | undefined;
  readonly formation: readonly FormationEntry[];
  readonly settings: PlatformSettings;
}): DesiredApp {
  const { app, current, latest, formation, settings } = options;
  return {
    appId: app.id,
    appName: app.name,
    hosts: [appHost(settings, app.name)],
    maintenance: app.maintenance,
    current: desiredRelease(app, current, settings),
    candidate: latest?.status === 'pending' ? desiredRelease(app, latest, settings) : undefined,
    formation: formation.map(({ type, quantity, size }) => ({ type, quantity, size, limits: limitsOf(size) })),
  };
}

/** The same, read from the stores; undefined for an app that is gone. */
export function createDesired({ stores, settings }: { readonly stores: Stores; readonly settings: PlatformSettings }) {
  return async (appId: string): Promise<DesiredApp | undefined> => {
    const app = await stores.apps.find(appId);
    if (!app) return undefined;
    const [current, latest, formation] = await Promise.all([
      stores.releases.current(appId),
      stores.releases.latest(appId),
      stores.formations.ofApp(appId),
    ]);
    return desiredApp({ app, current, latest, formation, settings });
  };
}
