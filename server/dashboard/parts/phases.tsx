import { duration } from '../rules/relative-time.ts';

interface PhasesProps {
  readonly phases: readonly { readonly name: string; readonly durationMs: number }[];
}

/** A push's time line: one bar, each phase as long as it took. */
export function Phases({ phases }: PhasesProps) {
  if (phases.length === 0) return null;
  const totalMs = phases.reduce((sum, phase) => sum + phase.durationMs, 0);
  return (
    <figure className="phases" aria-label={`Time line, ${duration(totalMs)} in all`}>
      <div className="phases-bar" aria-hidden="true">
        {phases.map((phase, index) => (
          <span key={phase.name} className={`phase-${index % 6}`} style={{ flexGrow: Math.max(phase.durationMs, 1) }} />
        ))}
      </div>
      <ol>
        {phases.map((phase, index) => (
          <li key={phase.name}>
            <span className={`phase-mark phase-${index % 6}`} aria-hidden="true" />
            {phase.name} <span className="number">{duration(phase.durationMs)}</span>
          </li>
        ))}
        <li className="total">
          total <span className="number">{duration(totalMs)}</span>
        </li>
      </ol>
    </figure>
  );
}
