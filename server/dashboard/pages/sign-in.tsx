import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { failureText } from '../api/actions.ts';
import { ApiError } from '../api/client.ts';
import { useClient } from '../api/context.ts';
import { type Credentials, signIn } from '../api/session.ts';
import { useTitle } from '../parts/navigation.tsx';
import { ThemeButton } from '../parts/theme.tsx';

type Way = 'password' | 'token';

/** Drawn in place of whatever page was asked for, so that signing in leads there. */
export function SignInPage() {
  useTitle('Sign in');
  const [way, setWay] = useState<Way>('password');
  const { submit, failure, busy } = useSignIn(way);
  return (
    <main id="main" className="sign-in">
      <div className="sign-in-card">
        <p className="brand">
          <img src="/favicon.svg" alt="" width="28" height="28" /> Shipway
        </p>
        <h1>Sign in</h1>
        <form onSubmit={submit} key={way}>
          {way === 'password' ? <PasswordFields /> : <TokenField />}
          {failure !== undefined && (
            <p className="callout bad" role="alert">
              {failure}
            </p>
          )}
          <button type="submit" className="primary" disabled={busy}>
            {busy ? 'Signing in' : 'Sign in'}
          </button>
        </form>
        <button type="button" className="quiet" onClick={() => setWay(way === 'password' ? 'token' : 'password')}>
          {way === 'password' ? 'Use an access token' : 'Use email and password'}
        </button>
      </div>
      <ThemeButton />
    </main>
  );
}

function PasswordFields() {
  return (
    <>
      <label>
        Email
        <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
    </>
  );
}

function TokenField() {
  return (
    <label>
      Access token
      <input name="token" type="password" autoComplete="off" spellCheck={false} required />
      <span className="hint">
        <code>shipway token</code> prints one, on the machine that runs Shipway.
      </span>
    </label>
  );
}

function useSignIn(way: Way) {
  const client = useClient();
  const queries = useQueryClient();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const credentials = readCredentials(new FormData(event.currentTarget), way);
    setBusy(true);
    setFailure(undefined);
    signIn(client, credentials)
      .then(() => queries.resetQueries())
      .catch((error: unknown) => setFailure(failureOf(error, way)))
      .finally(() => setBusy(false));
  };
  return { submit, failure, busy };
}

function readCredentials(form: FormData, way: Way): Credentials {
  const field = (name: string) => String(form.get(name) ?? '');
  return way === 'token'
    ? { token: field('token').trim() }
    : { email: field('email').trim(), password: field('password') };
}

function failureOf(error: unknown, way: Way): string {
  if (!(error instanceof ApiError) || error.status !== 401) return failureText(error);
  return way === 'token'
    ? 'Cannot sign in: no such access token, or it has expired.'
    : 'Cannot sign in: email or password is wrong.';
}
