import type { IncomingMessage } from 'node:http';
import { ShipwayError } from '../domain/error.ts';
import type { Stores } from '../domain/stores.ts';
import type { AccessToken, User } from '../domain/user.ts';
import { parseAuthorization } from './credentials.ts';
import type { RequestBudget } from './request-budget.ts';
import type { Call } from './route.ts';
import { assertFromDashboard, assertSameOrigin, type SessionCookie } from './session-cookie.ts';

interface Identity {
  readonly user: User;
  readonly token: AccessToken;
}

/** @throws ShipwayError unauthorized, forbidden or rate_limit */
export type Authenticate = (call: Call) => Promise<Identity>;

export const invalidCredentials = () => new ShipwayError('unauthorized', 'Invalid credentials provided.');

/** The user of a request's Authorization header: `Bearer KEY`, or Basic with the key as password. For git and the image registry. */
export function createAuthenticator(
  stores: Pick<Stores, 'users'>,
): (request: IncomingMessage) => Promise<User | undefined> {
  return async (request) => (await byAuthorization(stores, request.headers.authorization))?.user;
}

async function byAuthorization(
  stores: Pick<Stores, 'users'>,
  header: string | undefined,
): Promise<Identity | undefined> {
  const credentials = parseAuthorization(header);
  const identity = credentials && (await stores.users.byToken(credentials.secret));
  return identity?.token.kind === 'authorization' ? identity : undefined;
}

/** The API's: the same, or else the dashboard's session. */
export function createApiAuthenticator(deps: {
  readonly stores: Pick<Stores, 'users'>;
  readonly cookie: SessionCookie;
  readonly budget: RequestBudget;
}): Authenticate {
  const bySession = async (request: IncomingMessage): Promise<Identity | undefined> => {
    const secret = deps.cookie.read(request);
    const identity = secret === undefined ? undefined : await deps.stores.users.byToken(secret);
    if (identity?.token.kind !== 'session') return undefined;
    assertSameOrigin(request);
    assertFromDashboard(request);
    return identity;
  };
  return async ({ request, response }) => {
    const { authorization } = request.headers;
    const identity = await (authorization === undefined
      ? bySession(request)
      : byAuthorization(deps.stores, authorization));
    if (!identity) throw invalidCredentials();
    const { remaining, retryAfterS } = deps.budget.take(identity.user.id);
    response.set('RateLimit-Remaining', String(remaining));
    if (retryAfterS !== undefined) {
      response.set('Retry-After', String(retryAfterS));
      throw new ShipwayError('rate_limit', 'Your account reached the API rate limit. Wait, then try again.');
    }
    return identity;
  };
}
