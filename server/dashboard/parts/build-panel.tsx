import { useAction } from '../api/actions.ts';
import { appPath } from '../api/queries.ts';
import type { Build } from '../api/schemas.ts';
import { isOver, isRunning } from '../rules/app-state.ts';
import { duration } from '../rules/relative-time.ts';
import { BuildOutput } from './build-output.tsx';
import { Failure } from './messages.tsx';
import { Phases } from './phases.tsx';
import { Badge, toneOf } from './state-badge.tsx';
import { Ago, Elapsed } from './time.tsx';

const words: Readonly<Record<string, string>> = {
  queued: 'Queued',
  pending: 'Building',
  releasing: 'Going live',
  succeeded: 'Succeeded',
  failed: 'Failed',
  replaced: 'Replaced',
  canceled: 'Canceled',
};

export function BuildStatus({ build }: { readonly build: Build }) {
  const state = build.state ?? build.status;
  const shown = state === 'succeeded' && !isOver(build) ? 'releasing' : state;
  return <Badge tone={toneOf(shown)}>{words[shown] ?? shown}</Badge>;
}

export function shortCommit(build: Build): string {
  return build.source_blob?.version?.slice(0, 7) ?? build.id.slice(0, 8);
}

/** How long the build took; its phases know better than its row's dates. */
export function BuildTime({ build }: { readonly build: Build }) {
  if (isRunning(build)) return <Elapsed since={build.created_at} />;
  const phasesMs = build.phases?.reduce((sum, phase) => sum + phase.durationMs, 0) ?? 0;
  const rowMs = new Date(build.updated_at).getTime() - new Date(build.created_at).getTime();
  return <span className="number">{duration(phasesMs > 0 ? phasesMs : rowMs)}</span>;
}

/** One build: who, what, how far, its time line, its output. */
export function BuildPanel({ app, build, tall = false }: { app: string; build: Build; tall?: boolean }) {
  const running = isRunning(build);
  return (
    <div className="build">
      <div className="build-head">
        <p role="status" aria-label="Build state">
          <BuildStatus build={build} /> <code>{shortCommit(build)}</code>
        </p>
        <p className="muted">
          {build.user.email} ·{' '}
          {running ? (
            'running for '
          ) : (
            <>
              <Ago at={build.created_at} /> ·{' '}
            </>
          )}
          <BuildTime build={build} />
        </p>
        {running && <CancelBuild app={app} build={build} />}
      </div>
      {build.failure != null && <p className="callout bad">{build.failure}</p>}
      <Phases phases={build.phases ?? []} />
      <BuildOutput key={build.id} app={app} build={build} tall={tall} />
    </div>
  );
}

function CancelBuild({ app, build }: { readonly app: string; readonly build: Build }) {
  const cancel = useAction(app, () => ({ method: 'DELETE', path: appPath(app, 'builds', build.id) }));
  return (
    <>
      <button type="button" className="small" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
        Cancel build
      </button>
      <Failure error={cancel.error} />
    </>
  );
}
