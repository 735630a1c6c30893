import { useEffect, useRef } from 'react';
import { ApiError } from '../api/client.ts';
import { failureOf, useApp, useBuilds, useDynos, useReleases } from '../api/queries.ts';
import type { App } from '../api/schemas.ts';
import { Empty, Failure, Loading } from '../parts/messages.tsx';
import { Link, useTitle } from '../parts/navigation.tsx';
import { Badge, toneOf } from '../parts/state-badge.tsx';
import { deriveState } from '../rules/app-state.ts';
import { type AppTab, appTabs, formatRoute } from '../rules/route.ts';
import { BuildPage } from './build.tsx';
import { BuildsPage } from './builds.tsx';
import { ConfigVarsPage } from './config-vars.tsx';
import { LogsPage } from './logs.tsx';
import { OverviewPage } from './overview.tsx';
import { ReleasesPage } from './releases.tsx';
import { ScalePage } from './scale.tsx';
import { SettingsPage } from './settings.tsx';

const tabNames: Readonly<Record<AppTab, string>> = {
  overview: 'Overview',
  builds: 'Builds',
  logs: 'Logs',
  releases: 'Releases',
  config: 'Config vars',
  scale: 'Scale',
  settings: 'Settings',
};

interface AppPageProps {
  readonly name: string;
  readonly tab: AppTab;
  readonly build: string | undefined;
}

/** Mount it with the app's name as its key: answers of one app must never stand in for those of another. */
export function AppPage({ name, tab, build }: AppPageProps) {
  useTitle(tab === 'overview' ? name : `${tabNames[tab]} · ${name}`);
  const app = useApp(name);
  if (app.error instanceof ApiError && app.error.status === 404) return <NoSuchApp name={name} />;
  return (
    <main id="main" className="page">
      <AppHead name={name} app={app.data} />
      <Tabs app={name} tab={tab} />
      <Failure error={failureOf(app)} />
      {app.data === undefined ? (
        failureOf(app) === null && <Loading />
      ) : (
        <TabPage app={app.data} tab={tab} build={build} />
      )}
    </main>
  );
}

function TabPage({ app, tab, build }: { app: App; tab: AppTab; build: string | undefined }) {
  if (tab === 'builds') {
    return build === undefined ? <BuildsPage app={app.name} /> : <BuildPage key={build} app={app.name} id={build} />;
  }
  if (tab === 'logs') return <LogsPage app={app.name} />;
  if (tab === 'releases') return <ReleasesPage app={app.name} />;
  if (tab === 'config') return <ConfigVarsPage app={app.name} />;
  if (tab === 'scale') return <ScalePage app={app.name} />;
  if (tab === 'settings') return <SettingsPage app={app} />;
  return <OverviewPage app={app} />;
}

function AppHead({ name, app }: { readonly name: string; readonly app: App | undefined }) {
  const dynos = useDynos(name);
  const releases = useReleases(name);
  const builds = useBuilds(name);
  const known = app && dynos.data && releases.data && builds.data;
  const state =
    known &&
    deriveState({ maintenance: app.maintenance, dynos: dynos.data, releases: releases.data, builds: builds.data });
  return (
    <div className="page-head">
      <h1>{name}</h1>
      <p role="status" aria-label="App state">
        {state && <Badge tone={toneOf(state.name)}>{state.label}</Badge>}
      </p>
      {app && (
        <a className="button" href={app.web_url} target="_blank" rel="noreferrer">
          Open app
        </a>
      )}
    </div>
  );
}

function Tabs({ app, tab }: { readonly app: string; readonly tab: AppTab }) {
  const nav = useRef<HTMLElement>(null);
  // On a phone the row of tabs scrolls: the current one must be in sight.
  useEffect(() => {
    const current = nav.current?.querySelector(`[href="${formatRoute({ page: 'app', app, tab })}"]`);
    current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [app, tab]);
  return (
    <nav ref={nav} className="tabs" aria-label="App">
      {appTabs.map((name) => (
        <Link key={name} to={{ page: 'app', app, tab: name }} aria-current={name === tab ? 'page' : undefined}>
          {tabNames[name]}
        </Link>
      ))}
    </nav>
  );
}

function NoSuchApp({ name }: { readonly name: string }) {
  return (
    <main id="main" className="page">
      <Empty title={`No app is called ${name}.`}>
        <p>
          It may have been renamed or destroyed. <Link to={{ page: 'apps' }}>Show all apps</Link>
        </p>
      </Empty>
    </main>
  );
}
