import { type FormEvent, useState } from 'react';
import type { ConfigRow } from '../rules/config-draft.ts';
import { CopyButton } from './copy.tsx';

interface ConfigRowProps {
  readonly row: ConfigRow;
  /** All values are shown. */
  readonly shown: boolean;
  readonly onSet: (value: string) => void;
  readonly onRemove: () => void;
  /** Takes back what the draft holds for it. */
  readonly onReset: () => void;
}

const changeWords = { added: 'New', changed: 'Changed', removed: 'Will be removed' } as const;

export function ConfigRowView({ row, shown, onSet, onRemove, onReset }: ConfigRowProps) {
  const [ownShown, setOwnShown] = useState(false);
  const [editing, setEditing] = useState(false);
  const visible = shown || ownShown;
  const save = (value: string) => {
    onSet(value);
    setEditing(false);
  };
  return (
    <li className={`row config-row ${row.change}`}>
      <span className="config-name">
        <code>{row.name}</code>
        {row.change !== 'none' && <span className="change">{changeWords[row.change]}</span>}
      </span>
      {editing ? (
        <ValueForm name={row.name} value={row.value} onSave={save} onCancel={() => setEditing(false)} />
      ) : (
        <>
          <Value value={row.value} visible={visible} />
          <span className="row-action">
            {!shown && (
              <button type="button" className="small" aria-pressed={ownShown} onClick={() => setOwnShown(!ownShown)}>
                {ownShown ? 'Hide' : 'Show'} <span className="hidden">{row.name}</span>
              </button>
            )}
            {visible && <CopyButton text={row.value} label={row.name} />}
            <RowButton name={row.name} text="Edit" onClick={() => setEditing(true)} />
            {row.change === 'none' ? (
              <RowButton name={row.name} text="Remove" onClick={onRemove} />
            ) : (
              <RowButton name={row.name} text="Undo" onClick={onReset} />
            )}
          </span>
        </>
      )}
    </li>
  );
}

/** Hidden values all look the same: not even their length is told. */
function Value({ value, visible }: { readonly value: string; readonly visible: boolean }) {
  if (!visible) {
    return (
      <span className="config-value muted">
        <span aria-hidden="true">••••••••</span>
        <span className="hidden">hidden</span>
      </span>
    );
  }
  return <code className="config-value">{value === '' ? <span className="muted">(empty)</span> : value}</code>;
}

function RowButton({
  name,
  text,
  onClick,
}: {
  readonly name: string;
  readonly text: string;
  readonly onClick: () => void;
}) {
  return (
    <button type="button" className="small" onClick={onClick}>
      {text} <span className="hidden">{name}</span>
    </button>
  );
}

interface ValueFormProps {
  readonly name: string;
  readonly value: string;
  readonly onSave: (value: string) => void;
  readonly onCancel: () => void;
}

function ValueForm({ name, value, onSave, onCancel }: ValueFormProps) {
  const [text, setText] = useState(value);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(text);
  };
  return (
    <form className="config-edit" onSubmit={submit}>
      <textarea
        aria-label={`Value of ${name}`}
        rows={Math.min(8, text.split('\n').length)}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onCancel()}
        spellCheck={false}
        ref={(area) => area?.focus()}
      />
      <span className="row-action">
        <button type="button" className="small" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="small">
          Keep
        </button>
      </span>
    </form>
  );
}
