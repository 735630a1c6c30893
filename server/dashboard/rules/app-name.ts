import { assertAppName } from '../../domain/app.ts';
import { ShipwayError } from '../../domain/error.ts';

/** The server's own rule: undefined for a name that can be used, else why not. */
export function nameRule(name: string): string | undefined {
  try {
    assertAppName(name);
    return undefined;
  } catch (error) {
    if (error instanceof ShipwayError) return error.message;
    throw error;
  }
}
