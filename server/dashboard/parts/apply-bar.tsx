import type { ReactNode } from 'react';
import { Failure } from './messages.tsx';

interface ApplyBarProps {
  readonly busy: boolean;
  readonly error: unknown;
  readonly onApply: () => void;
  readonly onDiscard: () => void;
  /** What applying will do. */
  readonly children: ReactNode;
}

/** Stays in sight while changes wait to be applied. */
export function ApplyBar({ busy, error, onApply, onDiscard, children }: ApplyBarProps) {
  return (
    <section className="apply-bar" aria-label="Changes not applied">
      <p>{children}</p>
      <Failure error={error} />
      <div className="actions">
        <button type="button" onClick={onDiscard} disabled={busy}>
          Discard
        </button>
        <button type="button" className="primary" onClick={onApply} disabled={busy}>
          {busy ? 'Applying' : 'Apply changes'}
        </button>
      </div>
    </section>
  );
}
