import { useState } from 'react';
import { instanceSizes } from '../../domain/process-type.ts';
import { useAction } from '../api/actions.ts';
import { appPath, failureOf, useFormation } from '../api/queries.ts';
import type { FormationEntry } from '../api/schemas.ts';
import { ApplyBar } from '../parts/apply-bar.tsx';
import { Empty, Failure, Loading } from '../parts/messages.tsx';
import { useNotice } from '../parts/notice.tsx';
import {
  inOrder,
  largestQuantity,
  type Scale,
  type ScaleDraft,
  scaled,
  scaleSummary,
  scaleUpdates,
} from '../rules/scale-draft.ts';

export function ScalePage({ app }: { readonly app: string }) {
  const formation = useFormation(app);
  const [draft, setDraft] = useState<ScaleDraft>({});
  if (formation.data === undefined) {
    return failureOf(formation) === null ? <Loading /> : <Failure error={failureOf(formation)} />;
  }
  const set = (type: string, scale: Scale) => setDraft((before) => ({ ...before, [type]: scale }));
  return (
    <section aria-labelledby="scale-title">
      <h2 id="scale-title">Process types</h2>
      {formation.data.length === 0 && (
        <Empty title="No process types yet">
          <p>
            They come with the first deploy: lines of the app's <code>Procfile</code>, or the buildpack's own.
          </p>
        </Empty>
      )}
      <ul className="rows scale-rows" aria-label="Process types">
        {scaled(inOrder(formation.data), draft).map((entry) => (
          <ScaleRow key={entry.type} entry={entry} onChange={(scale) => set(entry.type, scale)} />
        ))}
      </ul>
      <ApplyScale app={app} formation={formation.data} draft={draft} onDone={() => setDraft({})} />
    </section>
  );
}

function ScaleRow({ entry, onChange }: { readonly entry: FormationEntry; readonly onChange: (scale: Scale) => void }) {
  const { type, quantity, size } = entry;
  const setQuantity = (wanted: number) =>
    onChange({ size, quantity: Math.min(largestQuantity, Math.max(0, Math.trunc(wanted) || 0)) });
  return (
    <li className="row scale-row">
      <span className="config-name">
        <strong>{type}</strong>
      </span>
      <code className="row-text clip">{entry.command}</code>
      <fieldset className="stepper">
        <legend className="hidden">Quantity of {type}</legend>
        <button
          type="button"
          aria-label={`Fewer ${type}`}
          disabled={quantity === 0}
          onClick={() => setQuantity(quantity - 1)}
        >
          −
        </button>
        <input
          inputMode="numeric"
          aria-label={`Quantity of ${type}`}
          value={quantity}
          onChange={(event) => setQuantity(Number(event.target.value))}
        />
        <button type="button" aria-label={`More ${type}`} onClick={() => setQuantity(quantity + 1)}>
          +
        </button>
      </fieldset>
      <select
        aria-label={`Size of ${type}`}
        value={size.toLowerCase()}
        onChange={(event) => onChange({ quantity, size: event.target.value })}
      >
        {Object.entries(instanceSizes).map(([name, limits]) => (
          <option key={name} value={name}>
            {name} ({limits.memoryBytes / 2 ** 20} MB, {limits.cpus} {limits.cpus === 1 ? 'core' : 'cores'})
          </option>
        ))}
      </select>
    </li>
  );
}

interface ApplyScaleProps {
  readonly app: string;
  readonly formation: readonly FormationEntry[];
  readonly draft: ScaleDraft;
  readonly onDone: () => void;
}

function ApplyScale({ app, formation, draft, onDone }: ApplyScaleProps) {
  const notice = useNotice();
  const updates = scaleUpdates(formation, draft);
  const apply = useAction(
    app,
    () => ({ method: 'PATCH', path: appPath(app, 'formation'), body: { updates } }),
    () => {
      notice(`Scaling ${scaleSummary(updates)}.`);
      onDone();
    },
  );
  if (updates.length === 0) return null;
  return (
    <ApplyBar busy={apply.isPending} error={apply.error} onApply={() => apply.mutate()} onDiscard={onDone}>
      Scales {scaleSummary(updates)}.
    </ApplyBar>
  );
}
