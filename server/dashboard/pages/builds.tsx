import { useState } from 'react';
import { failureOf, useBuilds } from '../api/queries.ts';
import type { Build } from '../api/schemas.ts';
import { BuildStatus, BuildTime, shortCommit } from '../parts/build-panel.tsx';
import { Empty, Failure, Loading } from '../parts/messages.tsx';
import { Link } from '../parts/navigation.tsx';
import { Ago } from '../parts/time.tsx';
import { newestFirst } from '../rules/app-state.ts';

const pageSize = 25;

export function BuildsPage({ app }: { readonly app: string }) {
  const [max, setMax] = useState(pageSize);
  const builds = useBuilds(app, { max });
  return (
    <section aria-labelledby="builds-title">
      <h2 id="builds-title" className="hidden">
        Builds
      </h2>
      <Failure error={failureOf(builds)} />
      {builds.data === undefined && failureOf(builds) === null && <Loading rows={5} />}
      {builds.data?.length === 0 && (
        <Empty title="No builds yet">
          <p>
            Each <code>git push shipway main</code> makes one.
          </p>
        </Empty>
      )}
      <ul className="rows build-rows" aria-label="Builds">
        {newestFirst(builds.data ?? []).map((build) => (
          <BuildRow key={build.id} app={app} build={build} />
        ))}
      </ul>
      {(builds.data?.length ?? 0) >= max && (
        <button type="button" className="older" onClick={() => setMax(max + pageSize)}>
          Show older builds
        </button>
      )}
    </section>
  );
}

function BuildRow({ app, build }: { readonly app: string; readonly build: Build }) {
  return (
    <li>
      <Link to={{ page: 'app', app, tab: 'builds', build: build.id }} className="row build-row">
        <span className="row-state">
          <BuildStatus build={build} />
        </span>
        <code>{shortCommit(build)}</code>
        <span className="row-text bad-text">{build.failure}</span>
        <span className="row-time">
          <BuildTime build={build} />
        </span>
        <span className="muted row-when">
          <Ago at={build.created_at} /> by {build.user.email}
        </span>
      </Link>
    </li>
  );
}
