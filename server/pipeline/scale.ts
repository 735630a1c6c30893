import { ShipwayError } from '../domain/error.ts';
import { defaultSize, type FormationEntry, limitsOf } from '../domain/process-type.ts';

const maxQuantity = 100;

export interface ScaleUpdate {
  readonly type: string;
  /** 2, "2", "+1", "-1", as Heroku's API takes them. */
  readonly quantity?: string | number;
  readonly size?: string;
}

function parseQuantity(type: string, wish: string | number, now: number): number {
  const text = String(wish);
  if (!/^[+-]?\d{1,6}$/.test(text)) {
    throw new ShipwayError(
      'invalid_params',
      `Cannot scale ${type} to "${text}". Give a number, or a change such as +1.`,
    );
  }
  const quantity = /^[+-]/.test(text) ? now + Number(text) : Number(text);
  if (quantity < 0 || quantity > maxQuantity) {
    throw new ShipwayError(
      'invalid_params',
      `Cannot scale ${type} to ${quantity}. The quantity must be 0 to ${maxQuantity}.`,
    );
  }
  return quantity;
}

/** Pure: the new quantities and sizes. @throws ShipwayError invalid_params for a type that the app's release does not have. */
export function planScale(
  formation: readonly FormationEntry[],
  updates: readonly ScaleUpdate[],
): readonly { readonly type: string; readonly quantity: number; readonly size: string }[] {
  return updates.map(({ type, quantity, size }) => {
    const entry = formation.find((candidate) => candidate.type === type);
    if (!entry) {
      const known = formation.map((candidate) => candidate.type).join(', ') || 'none yet: push the app first';
      throw new ShipwayError('not_found', `No process type is called ${type}. Process types: ${known}.`, {
        resource: 'formation',
      });
    }
    const newSize = (size ?? entry.size ?? defaultSize).toLowerCase();
    limitsOf(newSize);
    return {
      type,
      quantity: quantity === undefined ? entry.quantity : parseQuantity(type, quantity, entry.quantity),
      size: newSize,
    };
  });
}
