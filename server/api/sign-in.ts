import { ShipwayError } from '../domain/error.ts';
import type { Users } from '../domain/stores.ts';
import type { User } from '../domain/user.ts';
import { invalidCredentials } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import type { Call } from './route.ts';
import { clientAddress } from './sign-in-limit.ts';

export type SignIn = { readonly email: string; readonly password: string } | { readonly token: string };

/**
 * The user of an email and password, or of a token. Failures are counted by address and by email, and wrong ones are told
 * nothing but that they are wrong. @throws ShipwayError unauthorized or rate_limit
 */
export async function signIn(
  { stores, signInLimit }: ApiDeps,
  { request, response }: Call,
  given: SignIn,
): Promise<User> {
  const attempt = { address: clientAddress(request), email: 'email' in given ? given.email : undefined };
  const retryAfterS = signInLimit.begin(attempt);
  if (retryAfterS !== undefined) {
    response.set('Retry-After', String(retryAfterS));
    const minutes = Math.ceil(retryAfterS / 60);
    throw new ShipwayError('rate_limit', `Too many sign-ins failed. Try again in ${minutes} minutes.`);
  }
  const user =
    'email' in given
      ? await stores.users.byPassword(given.email, given.password)
      : await findByToken(stores.users, given.token);
  if (!user) throw invalidCredentials();
  signInLimit.succeeded(attempt);
  return user;
}

async function findByToken(users: Users, secret: string): Promise<User | undefined> {
  const identity = await users.byToken(secret);
  return identity?.token.kind === 'authorization' ? identity.user : undefined;
}
