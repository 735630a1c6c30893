import { z } from 'zod';
import { ShipwayError } from '../domain/error.ts';
import type { AccessToken } from '../domain/user.ts';
import type { ApiDeps } from './deps.ts';
import { formatTime } from './json.ts';
import { parseBody } from './request-body.ts';
import { openRoute, pathPart, type Route, reply, userRoute } from './route.ts';
import { assertSameOrigin, sessionLifetimeS } from './session-cookie.ts';
import { signIn } from './sign-in.ts';

const text = (longest: number) => z.string({ error: 'must be text' }).min(1, 'is empty').max(longest, 'is too long');
const signInSchema = z.union([z.object({ token: text(512) }), z.object({ email: text(254), password: text(1024) })], {
  error: 'must hold email and password, or token',
});

const writeSession = (token: AccessToken) => ({
  created_at: formatTime(token.createdAt),
  description: token.description,
  expires_in: token.expiresAt ? sessionLifetimeS : null,
  id: token.id,
  updated_at: formatTime(token.createdAt),
});

/** Sign-ins of the dashboard: tokens that live in a cookie. */
export function sessionRoutes(deps: ApiDeps): readonly Route[] {
  const { stores, cookie } = deps;
  return [
    openRoute('post', '/dashboard/session', async (call) => {
      assertSameOrigin(call.request);
      const user = await signIn(deps, call, parseBody(call, signInSchema));
      const { token, secret } = await stores.users.createToken({
        userId: user.id,
        description: 'Dashboard',
        expiresInS: sessionLifetimeS,
        kind: 'session',
      });
      await stores.audit.append({ userId: user.id, appId: undefined, action: 'session.create', detail: token.id });
      call.response.set('Set-Cookie', cookie.write(secret));
      return reply({ ...writeSession(token), user: { email: user.email, id: user.id } }, 201);
    }),
    userRoute('delete', '/dashboard/session', async ({ user, token, response }) => {
      if (token.kind === 'session') await stores.users.deleteToken(user.id, token.id);
      response.set('Set-Cookie', cookie.clear());
      return reply({});
    }),
    userRoute('get', '/oauth/sessions', async ({ user }) => {
      const tokens = await stores.users.tokens(user.id);
      return reply(tokens.filter(({ kind }) => kind === 'session').map(writeSession));
    }),
    userRoute('delete', '/oauth/sessions/:session', async (call) => {
      const id = pathPart(call, 'session');
      const tokens = await stores.users.tokens(call.user.id);
      const session = tokens.find((one) => one.kind === 'session' && one.id === (id === '~' ? call.token.id : id));
      if (!session) throw new ShipwayError('not_found', "Couldn't find that session.", { resource: 'session' });
      await stores.users.deleteToken(call.user.id, session.id);
      return reply(writeSession(session));
    }),
  ];
}
