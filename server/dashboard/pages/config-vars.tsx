import { useState } from 'react';
import { useAction } from '../api/actions.ts';
import { appPath, failureOf, useConfigVars } from '../api/queries.ts';
import { AddVar } from '../parts/add-var.tsx';
import { ApplyBar } from '../parts/apply-bar.tsx';
import { ConfigRowView } from '../parts/config-row.tsx';
import { EnvDialog } from '../parts/env-dialog.tsx';
import { Empty, Failure, Loading } from '../parts/messages.tsx';
import { useNotice } from '../parts/notice.tsx';
import {
  type ConfigDraft,
  configRows,
  draftRemove,
  draftReset,
  draftSet,
  draftSummary,
} from '../rules/config-draft.ts';

/** Changes gather in a draft and are applied together: one release for all of them. */
export function ConfigVarsPage({ app }: { readonly app: string }) {
  const stored = useConfigVars(app);
  const [shown, setShown] = useState(false);
  const [pasting, setPasting] = useState(false);
  const [draft, setDraft] = useState<ConfigDraft>({});
  if (stored.data === undefined)
    return failureOf(stored) === null ? <Loading rows={4} /> : <Failure error={failureOf(stored)} />;
  const vars = stored.data;
  const rows = configRows(vars, draft);
  const set = (changes: Readonly<Record<string, string>>) => setDraft((before) => draftSet(vars, before, changes));
  return (
    <section aria-labelledby="config-title">
      <div className="section-head">
        <h2 id="config-title">Config vars</h2>
        <button type="button" className="small" aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? 'Hide values' : 'Show values'}
        </button>
        <button type="button" className="small" onClick={() => setPasting(true)}>
          Paste .env
        </button>
      </div>
      <p className="muted section-note">Instances see these as environment variables. Values are encrypted at rest.</p>
      {rows.length === 0 && <Empty title="No config vars yet" />}
      <ul className="rows config-rows" aria-label="Config vars">
        {rows.map((row) => (
          <ConfigRowView
            key={row.name}
            row={row}
            shown={shown}
            onSet={(value) => set({ [row.name]: value })}
            onRemove={() => setDraft((before) => draftRemove(vars, before, row.name))}
            onReset={() => setDraft((before) => draftReset(before, row.name))}
          />
        ))}
      </ul>
      <AddVar onSet={set} />
      <ApplyConfig app={app} draft={draft} summary={draftSummary(rows)} onDiscard={() => setDraft({})} />
      {pasting && <EnvDialog onSet={set} onClose={() => setPasting(false)} />}
    </section>
  );
}

interface ApplyConfigProps {
  readonly app: string;
  readonly draft: ConfigDraft;
  readonly summary: string;
  readonly onDiscard: () => void;
}

function ApplyConfig({ app, draft, summary, onDiscard }: ApplyConfigProps) {
  const notice = useNotice();
  const apply = useAction(
    app,
    () => ({ method: 'PATCH', path: appPath(app, 'config-vars'), body: draft }),
    () => {
      notice('Config vars are set. New instances start with the new values.');
      onDiscard();
    },
  );
  if (summary === '') return null;
  return (
    <ApplyBar busy={apply.isPending} error={apply.error} onApply={() => apply.mutate()} onDiscard={onDiscard}>
      {summary} <span className="muted">One release for all; its instances take the place of those that run.</span>
    </ApplyBar>
  );
}
