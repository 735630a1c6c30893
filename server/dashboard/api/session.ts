import type { Client } from './client.ts';

export type Credentials = { readonly email: string; readonly password: string } | { readonly token: string };

/** The server answers with an HttpOnly cookie: no secret stays in the page. */
export async function signIn(client: Client, credentials: Credentials): Promise<void> {
  await client.send({ method: 'POST', path: '/dashboard/session', body: credentials });
}

export async function signOut(client: Client): Promise<void> {
  await client.send({ method: 'DELETE', path: '/dashboard/session' });
}
