import { useState } from 'react';
import { useAction } from '../api/actions.ts';
import { appPath, failureOf, useReleases } from '../api/queries.ts';
import type { Release } from '../api/schemas.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Empty, Failure, Loading } from '../parts/messages.tsx';
import { useNotice } from '../parts/notice.tsx';
import { Badge } from '../parts/state-badge.tsx';
import { Ago } from '../parts/time.tsx';
import { currentRelease } from '../rules/app-state.ts';

const pageSize = 25;

export function ReleasesPage({ app }: { readonly app: string }) {
  const [max, setMax] = useState(pageSize);
  const releases = useReleases(app, { max });
  const [chosen, setChosen] = useState<Release>();
  const rows = (releases.data ?? []).toSorted((left, right) => right.version - left.version);
  const current = currentRelease(rows);
  return (
    <section aria-labelledby="releases-title">
      <h2 id="releases-title" className="hidden">
        Releases
      </h2>
      <Failure error={failureOf(releases)} />
      {releases.data === undefined && failureOf(releases) === null && <Loading rows={5} />}
      {releases.data?.length === 0 && (
        <Empty title="No releases yet">
          <p>A deploy, a change of config vars and a rollback each make one.</p>
        </Empty>
      )}
      <ul className="rows release-rows" aria-label="Releases">
        {rows.map((release) => (
          <ReleaseRow key={release.id} release={release} current={current} onRollback={setChosen} />
        ))}
      </ul>
      {rows.length >= max && (
        <button type="button" className="older" onClick={() => setMax(max + pageSize)}>
          Show older releases
        </button>
      )}
      {chosen !== undefined && (
        <RollbackDialog app={app} release={chosen} current={current} onClose={() => setChosen(undefined)} />
      )}
    </section>
  );
}

interface ReleaseRowProps {
  readonly release: Release;
  readonly current: Release | undefined;
  readonly onRollback: (release: Release) => void;
}

function ReleaseRow({ release, current, onRollback }: ReleaseRowProps) {
  const isCurrent = release.id === current?.id;
  const canRollBack = !isCurrent && release.status === 'succeeded' && release.slug != null;
  return (
    <li className="row release-row" aria-label={`Release v${release.version}`}>
      <span className="version">v{release.version}</span>
      <span className="row-text">
        {release.description}
        {release.failure != null && <span className="bad-text release-failure">{release.failure}</span>}
      </span>
      <span className="row-state">
        <ReleaseStatus status={release.status} current={isCurrent} />
      </span>
      <span className="muted row-when">
        <Ago at={release.created_at} /> by {release.user.email}
      </span>
      <span className="row-action">
        {canRollBack && (
          <button type="button" className="small" onClick={() => onRollback(release)}>
            Roll back<span className="hidden"> to v{release.version}</span>
          </button>
        )}
      </span>
    </li>
  );
}

function ReleaseStatus({ status, current }: { readonly status: string; readonly current: boolean }) {
  if (current) return <Badge tone="good">Current</Badge>;
  if (status === 'pending') return <Badge tone="busy">Going live</Badge>;
  if (status === 'failed') return <Badge tone="bad">Failed</Badge>;
  return null;
}

interface RollbackDialogProps {
  readonly app: string;
  readonly release: Release;
  readonly current: Release | undefined;
  readonly onClose: () => void;
}

function RollbackDialog({ app, release, current, onClose }: RollbackDialogProps) {
  const notice = useNotice();
  const rollback = useAction(
    app,
    () => ({ method: 'POST', path: appPath(app, 'releases'), body: { release: release.id } }),
    () => {
      notice(`Rolling back to v${release.version}.`);
      onClose();
    },
  );
  return (
    <Dialog title={`Roll back ${app} to v${release.version}?`} onClose={onClose}>
      <p>
        This makes a new release with the image <strong>and the config vars</strong> of v{release.version} (
        {release.description}, <Ago at={release.created_at} />
        ). Config vars that were changed since then go back too.
      </p>
      <p>
        {current !== undefined && `v${current.version} keeps serving until the new instances are healthy. `}
        The repository stays as it is: the next push deploys what is pushed.
      </p>
      <Failure error={rollback.error} />
      <div className="actions">
        <button type="button" onClick={onClose}>
          Keep {current === undefined ? 'as it is' : `v${current.version}`}
        </button>
        <button type="button" className="primary" disabled={rollback.isPending} onClick={() => rollback.mutate()}>
          Roll back to v{release.version}
        </button>
      </div>
    </Dialog>
  );
}
