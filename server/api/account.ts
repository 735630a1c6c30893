import { ShipwayError } from '../domain/error.ts';
import type { User } from '../domain/user.ts';
import { listApps } from './apps.ts';
import type { ApiDeps } from './deps.ts';
import { formatTime } from './json.ts';
import { pathPart, type Route, reply, type UserCall, userRoute } from './route.ts';

function writeAccount({ id, email, createdAt }: User) {
  return {
    allow_tracking: false,
    beta: false,
    country_of_residence: null,
    created_at: formatTime(createdAt),
    default_organization: null,
    default_team: null,
    delinquent_at: null,
    email,
    federated: false,
    id,
    identity_provider: null,
    last_login: null,
    name: null,
    sms_number: null,
    suspended_at: null,
    two_factor_authentication: false,
    updated_at: formatTime(createdAt),
    verified: true,
  };
}

/** Users see themselves alone. */
function assertSelf(call: UserCall): void {
  const identity = pathPart(call, 'user');
  if (identity === '~' || identity === call.user.id || identity === call.user.email) return;
  throw new ShipwayError('not_found', "Couldn't find that user.", { resource: 'user' });
}

export function accountRoutes(deps: ApiDeps): readonly Route[] {
  return [
    userRoute('get', '/account', async ({ user }) => reply(writeAccount(user))),
    userRoute('get', '/account/rate-limits', async ({ response }) =>
      reply({ remaining: Number(response.get('RateLimit-Remaining')) }),
    ),
    userRoute('get', '/users/:user', async (call) => {
      assertSelf(call);
      return reply(writeAccount(call.user));
    }),
    userRoute('get', '/users/:user/apps', async (call) => {
      assertSelf(call);
      return listApps(deps, call);
    }),
  ];
}
