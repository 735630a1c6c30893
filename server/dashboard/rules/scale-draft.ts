export interface Scale {
  readonly quantity: number;
  readonly size: string;
}

/** What was changed on the page and not yet applied, by process type. */
export type ScaleDraft = Readonly<Record<string, Scale>>;

interface Entry extends Scale {
  readonly type: string;
}

export const largestQuantity = 100;

/** `web` first, the others by name. */
export function inOrder<E extends Entry>(formation: readonly E[]): readonly E[] {
  const rank = ({ type }: E) => (type === 'web' ? '' : type);
  return formation.toSorted((left, right) => rank(left).localeCompare(rank(right)));
}

/** The formation as it will be. */
export function scaled<E extends Entry>(formation: readonly E[], draft: ScaleDraft): readonly E[] {
  return formation.map((entry) => ({ ...entry, ...draft[entry.type] }));
}

/** Entries that differ, as PATCH /apps/:app/formation takes them. */
export function scaleUpdates(formation: readonly Entry[], draft: ScaleDraft): readonly Entry[] {
  return scaled(formation, draft)
    .filter((entry, index) => {
      const before = formation[index];
      return before?.quantity !== entry.quantity || !sameSize(before.size, entry.size);
    })
    .map(({ type, quantity, size }) => ({ type, quantity, size }));
}

/** Heroku writes `Standard-1X` where Shipway's own name is `standard-1x`: case does not matter. */
function sameSize(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** `web to 2 × standard-1x, worker to 0`. */
export function scaleSummary(updates: readonly Entry[]): string {
  return updates
    .map(({ type, quantity, size }) => `${type} to ${quantity === 0 ? '0' : `${quantity} × ${size}`}`)
    .join(', ');
}
