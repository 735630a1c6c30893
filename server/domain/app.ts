import { ShipwayError } from './error.ts';
import type { User } from './user.ts';

export interface App {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly ownerEmail: string;
  readonly maintenance: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const namePattern = /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/;
/** Host names that the platform keeps for itself below its own domain. */
const reservedNames = new Set(['api', 'git', 'registry', 'dashboard', 'shipway', 'www']);

/** Heroku's rule for app names (schema `app.name`), minus the platform's own host names. @throws ShipwayError invalid_params, with the rule in its message. */
export function assertAppName(name: string): void {
  if (reservedNames.has(name)) {
    throw new ShipwayError('invalid_params', `Name ${name} is kept for the platform itself. Choose another.`);
  }
  if (!namePattern.test(name)) {
    throw new ShipwayError(
      'invalid_params',
      'Name must start with a letter, end with a letter or digit, contain only lowercase letters, digits and dashes, and be 3 to 30 characters long.',
    );
  }
}

/** Who may use an app: its owner alone. The one rule, for the API and for git. */
export function mayUse(user: Pick<User, 'id'>, app: App): boolean {
  return app.ownerId === user.id;
}
