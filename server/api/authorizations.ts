import { z } from 'zod';
import { ShipwayError } from '../domain/error.ts';
import type { AccessToken, User } from '../domain/user.ts';
import { type Authenticate, invalidCredentials } from './authenticate.ts';
import { parseAuthorization } from './credentials.ts';
import type { ApiDeps } from './deps.ts';
import { formatTime } from './json.ts';
import { parseBody } from './request-body.ts';
import { type Call, openRoute, pathPart, type Route, reply, type UserCall, userRoute } from './route.ts';
import { signIn } from './sign-in.ts';

const createSchema = z.object({
  description: z.string({ error: 'must be text' }).max(255, 'must be at most 255 characters').nullish(),
  /** Seconds. */
  expires_in: z.coerce
    .number({ error: 'must be a number of seconds' })
    .int()
    .positive('must be at least 1')
    .max(10 * 366 * 24 * 3600, 'must be at most ten years')
    .nullish(),
  scope: z.array(z.string()).nullish(),
});

/** The secret is shown once, when it is made; it is not kept. */
function writeAuthorization(token: AccessToken, user: User, now: Date, secret: string | null = null) {
  const expiresIn = token.expiresAt && Math.max(0, Math.round((token.expiresAt.getTime() - now.getTime()) / 1000));
  return {
    access_token: { expires_in: expiresIn ?? null, id: token.id, token: secret },
    client: null,
    created_at: formatTime(token.createdAt),
    description: token.description,
    grant: null,
    id: token.id,
    refresh_token: null,
    scope: ['global'],
    session: null,
    updated_at: formatTime(token.createdAt),
    user: { email: user.email, full_name: null, id: user.id },
  };
}

const authorizationGone = () =>
  new ShipwayError('not_found', "Couldn't find that authorization.", { resource: 'authorization' });

export function authorizationRoutes(deps: ApiDeps, authenticate: Authenticate): readonly Route[] {
  const { stores, clock } = deps;

  /** Here alone a password is taken: Basic with an email. With a token it is as everywhere. */
  const findUser = async (call: Call): Promise<User> => {
    const credentials = parseAuthorization(call.request.headers.authorization);
    if (credentials?.scheme !== 'basic' || !credentials.name.includes('@') || credentials.secret.startsWith('swp_')) {
      return (await authenticate(call)).user;
    }
    return signIn(deps, call, { email: credentials.name, password: credentials.secret });
  };
  const find = async (call: UserCall): Promise<AccessToken> => {
    const id = pathPart(call, 'authorization');
    const wanted = id === '~' ? call.token.id : id;
    const token = (await stores.users.tokens(call.user.id)).find((one) => one.id === wanted);
    if (token?.kind !== 'authorization') throw authorizationGone();
    return token;
  };
  return [
    openRoute('post', '/oauth/authorizations', async (call) => {
      const user = await findUser(call);
      const { description, expires_in, scope } = parseBody(call, createSchema);
      if (scope?.some((one) => one !== 'global')) {
        throw new ShipwayError('invalid_params', 'scope: the only scope is global');
      }
      const { token, secret } = await stores.users.createToken({
        userId: user.id,
        description: description ?? 'Long-lived user authorization',
        expiresInS: expires_in ?? undefined,
      });
      await stores.audit.append({
        userId: user.id,
        appId: undefined,
        action: 'token.create',
        detail: token.description,
      });
      return reply(writeAuthorization(token, user, clock(), secret), 201);
    }),
    userRoute('get', '/oauth/authorizations', async ({ user }) => {
      const tokens = await stores.users.tokens(user.id);
      const own = tokens.filter(({ kind }) => kind === 'authorization');
      return reply(own.map((token) => writeAuthorization(token, user, clock())));
    }),
    userRoute('get', '/oauth/authorizations/:authorization', async (call) =>
      reply(writeAuthorization(await find(call), call.user, clock())),
    ),
    userRoute('delete', '/oauth/authorizations/:authorization', async (call) => {
      const { user } = call;
      const token = await stores.users.deleteToken(user.id, (await find(call)).id);
      if (!token) throw invalidCredentials();
      await stores.audit.append({
        userId: user.id,
        appId: undefined,
        action: 'token.delete',
        detail: token.description,
      });
      return reply(writeAuthorization(token, user, clock()));
    }),
  ];
}
