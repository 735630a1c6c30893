import { useEffect, useRef, useState } from 'react';
import { failureOf, useApps, useBuilds, useDynos, useReleases } from '../api/queries.ts';
import type { App, Release } from '../api/schemas.ts';
import { Empty, Failure, Loading } from '../parts/messages.tsx';
import { Link, useTitle } from '../parts/navigation.tsx';
import { Badge, toneOf } from '../parts/state-badge.tsx';
import { Ago } from '../parts/time.tsx';
import { currentRelease, deriveState } from '../rules/app-state.ts';

export function AppsPage() {
  useTitle('Apps');
  const apps = useApps();
  const [search, setSearch] = useState('');
  const found = (apps.data ?? [])
    .filter((app) => app.name.includes(search.trim().toLowerCase()))
    .toSorted((left, right) => left.name.localeCompare(right.name));
  return (
    <main id="main" className="page">
      <div className="page-head">
        <h1>Apps</h1>
        <input
          type="search"
          aria-label="Search apps"
          placeholder="Search  /"
          data-search
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <Link to={{ page: 'new' }} className="button primary">
          New app
        </Link>
      </div>
      <Failure error={failureOf(apps)} />
      {apps.data === undefined ? failureOf(apps) === null && <Loading rows={5} /> : <AppList apps={found} />}
      {apps.data?.length === 0 && <NoApps />}
      {found.length === 0 && search !== '' && <Empty title={`No app's name contains “${search.trim()}”.`} />}
    </main>
  );
}

function NoApps() {
  return (
    <Empty title="No apps yet">
      <p>
        <Link to={{ page: 'new' }}>Create one here</Link>, or run <code>shipway create</code> in a repository, then{' '}
        <code>git push shipway main</code>.
      </p>
    </Empty>
  );
}

function AppList({ apps }: { readonly apps: readonly App[] }) {
  if (apps.length === 0) return null;
  return (
    <ul className="app-list" aria-label="Apps">
      {apps.map((app) => (
        <AppRow key={app.id} app={app} />
      ))}
    </ul>
  );
}

/** Rows out of sight ask for nothing: a list of many apps costs what is on the screen. */
function AppRow({ app }: { readonly app: App }) {
  const row = useRef<HTMLLIElement>(null);
  const enabled = useInSight(row);
  const pace = { slow: true, enabled };
  const dynos = useDynos(app.name, pace);
  const releases = useReleases(app.name, pace);
  const builds = useBuilds(app.name, { ...pace, max: 2 });
  const known = dynos.data !== undefined && releases.data !== undefined && builds.data !== undefined;
  const state = deriveState({
    maintenance: app.maintenance,
    dynos: dynos.data ?? [],
    releases: releases.data ?? [],
    builds: builds.data ?? [],
  });
  return (
    <li ref={row}>
      <Link to={{ page: 'app', app: app.name, tab: 'overview' }} className="app-row">
        <span className="app-row-name">{app.name}</span>
        <span className="app-row-state">{known && <Badge tone={toneOf(state.name)}>{state.label}</Badge>}</span>
        <LastRelease release={releases.data === undefined ? undefined : currentRelease(releases.data)} />
      </Link>
    </li>
  );
}

function LastRelease({ release }: { readonly release: Release | undefined }) {
  if (release === undefined) return <span className="app-row-release" />;
  return (
    <span className="app-row-release">
      <span className="version">v{release.version}</span> <span className="app-row-what">{release.description}</span>
      <span className="muted app-row-when">
        <Ago at={release.created_at} /> by {release.user.email}
      </span>
    </span>
  );
}

function useInSight(element: React.RefObject<HTMLElement | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting ?? false));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return seen;
}
