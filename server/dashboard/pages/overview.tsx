import { useAction } from '../api/actions.ts';
import { appPath, failureOf, useBuilds, useDynos, useReleases } from '../api/queries.ts';
import type { App, Dyno, Release } from '../api/schemas.ts';
import { BuildPanel } from '../parts/build-panel.tsx';
import { CopyButton, CopyLine } from '../parts/copy.tsx';
import { Failure, Loading } from '../parts/messages.tsx';
import { Link } from '../parts/navigation.tsx';
import { useNotice } from '../parts/notice.tsx';
import { Badge, toneOf } from '../parts/state-badge.tsx';
import { Ago } from '../parts/time.tsx';
import { byName, countStates, currentRelease, newestFirst } from '../rules/app-state.ts';

export function OverviewPage({ app }: { readonly app: App }) {
  const releases = useReleases(app.name);
  const builds = useBuilds(app.name);
  const build = builds.data && newestFirst(builds.data)[0];
  const failedRelease = releases.data?.[0]?.status === 'failed' ? releases.data[0] : undefined;
  return (
    <>
      <Facts app={app} release={releases.data && currentRelease(releases.data)} />
      {failedRelease !== undefined && <FailedRelease app={app.name} release={failedRelease} />}
      <Failure error={failureOf(builds) ?? failureOf(releases)} />
      <section aria-labelledby="build-title">
        <div className="section-head">
          <h2 id="build-title">{build === undefined ? 'Deploy' : 'Latest build'}</h2>
          {build !== undefined && <Link to={{ page: 'app', app: app.name, tab: 'builds' }}>All builds</Link>}
        </div>
        {builds.data === undefined && failureOf(builds) === null && <Loading />}
        {builds.data?.length === 0 && <FirstPush app={app} />}
        {build !== undefined && <BuildPanel app={app.name} build={build} />}
      </section>
      <Instances app={app.name} />
    </>
  );
}

function Facts({ app, release }: { readonly app: App; readonly release: Release | undefined }) {
  return (
    <dl className="facts">
      <div>
        <dt>URL</dt>
        <dd>
          <a href={app.web_url} target="_blank" rel="noreferrer">
            {app.web_url.replace(/\/$/, '')}
          </a>
        </dd>
        <dt>Git remote</dt>
        <dd className="with-button">
          <code className="clip">{app.git_url}</code>
          <CopyButton text={app.git_url} label="git remote" />
        </dd>
      </div>
      <div>
        <dt>Release</dt>
        <dd>
          {release === undefined ? (
            <span className="muted">None yet</span>
          ) : (
            <>
              <Link to={{ page: 'app', app: app.name, tab: 'releases' }}>v{release.version}</Link> {release.description}
              <span className="muted fact-note">
                <Ago at={release.created_at} /> by {release.user.email}
              </span>
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Instances</dt>
        <dd>
          <InstanceCounts app={app.name} />
        </dd>
      </div>
    </dl>
  );
}

function InstanceCounts({ app }: { readonly app: string }) {
  const dynos = useDynos(app);
  const counts = countStates(byName(dynos.data ?? []));
  if (dynos.data !== undefined && counts.length === 0) return <span className="muted">Nothing runs</span>;
  return (
    <ul className="instance-counts">
      {counts.map(({ type, state, count }) => (
        <li key={`${type} ${state}`}>
          {type}{' '}
          <Badge tone={toneOf(state)}>
            {count} {state}
          </Badge>
        </li>
      ))}
    </ul>
  );
}

function FailedRelease({ app, release }: { readonly app: string; readonly release: Release }) {
  return (
    <p className="callout bad">
      Release v{release.version} failed; the one before it kept serving. {release.failure}{' '}
      <Link to={{ page: 'app', app, tab: 'logs' }}>Logs</Link>
    </p>
  );
}

function FirstPush({ app }: { readonly app: App }) {
  return (
    <div className="first-push">
      <p>Type these two lines in the folder of the app's repository. The build appears here as it runs.</p>
      <CopyLine label="remote command" text={`git remote add shipway ${app.git_url}`} />
      <CopyLine label="push command" text="git push shipway main" />
      <p className="muted">
        Git asks for a user and a password: any user, and an access token as the password. <code>shipway token</code>{' '}
        prints one.
      </p>
    </div>
  );
}

function Instances({ app }: { readonly app: string }) {
  const dynos = useDynos(app);
  const notice = useNotice();
  const restart = useAction(
    app,
    () => ({ method: 'DELETE', path: appPath(app, 'dynos') }),
    () => notice('Restarting all instances: new ones start before old ones stop.'),
  );
  return (
    <section aria-labelledby="instances-title">
      <div className="section-head">
        <h2 id="instances-title">Instances</h2>
        {dynos.data !== undefined && dynos.data.length > 0 && (
          <button type="button" className="small" disabled={restart.isPending} onClick={() => restart.mutate()}>
            Restart all
          </button>
        )}
      </div>
      <Failure error={restart.error ?? failureOf(dynos)} />
      {dynos.data?.length === 0 && <p className="muted">Nothing runs.</p>}
      {dynos.data !== undefined && dynos.data.length > 0 && <InstanceTable dynos={dynos.data} />}
    </section>
  );
}

function InstanceTable({ dynos }: { readonly dynos: readonly Dyno[] }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col" className="wide-only">
            Command
          </th>
          <th scope="col" className="wide-only">
            Size
          </th>
          <th scope="col">Release</th>
          <th scope="col">Since</th>
        </tr>
      </thead>
      <tbody>
        {byName(dynos).map((dyno) => (
          <tr key={dyno.id}>
            <th scope="row">{dyno.name}</th>
            <td>
              <Badge tone={toneOf(dyno.state)}>{dyno.state}</Badge>
            </td>
            <td className="wide-only">
              <code className="table-command clip">{dyno.command}</code>
            </td>
            <td className="wide-only">{dyno.size}</td>
            <td>{dyno.release == null ? '' : `v${dyno.release.version}`}</td>
            <td className="muted">
              <Ago at={dyno.updated_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
