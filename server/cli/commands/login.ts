import { text } from 'node:stream/consumers';
import { type ApiClient, authorizationDescription, basicAuthorization, createApiClient } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import type { CommandCall } from '../command.ts';
import { findCredentials, forgetCredentials, saveCredentials } from '../credentials.ts';
import { rememberLogin } from '../last-login.ts';
import { ask } from '../prompt.ts';
import { openSession } from '../session.ts';
import { accountShape, authorizationShape } from '../shapes.ts';
import { findTarget } from '../target.ts';
import { note, print } from '../terminal.ts';

/** How a user shows who they are: a token, or e-mail and password. */
interface Proof {
  readonly url: URL;
  readonly authorization: string;
}

async function proofByToken(url: URL, given: string, call: CommandCall): Promise<Proof> {
  const token = (given === '-' ? await text(call.terminal.stdin) : given).trim();
  return { url, authorization: `Bearer ${token}` };
}

async function proofByPassword(url: URL, call: CommandCall): Promise<Proof> {
  note(call.terminal, `Log in to ${url.origin}`);
  const email = call.text('email') ?? (await ask(call.terminal, 'Email'));
  const password = await ask(call.terminal, 'Password', { isHidden: true });
  return { url, authorization: basicAuthorization(email.trim(), password) };
}

/** On the platform's own machine its owner has nothing to type, unless SHIPWAY_URL or this folder's remote name another one. */
async function proofByDataFolder(call: CommandCall): Promise<Proof | undefined> {
  if (call.flag('interactive') || call.text('email') !== undefined) return undefined;
  const { findFirstUser } = await import('../local/first-user.ts');
  const local = await findFirstUser(call.text('data'));
  if (local === undefined) {
    if (call.text('data') === undefined) return undefined;
    throw new CliError(
      `Cannot read a token in ${call.text('data')}: no platform was up there yet, or you are not its owner.`,
      {
        exitCode: 3,
      },
    );
  }
  const { baseUrl, appName } = await findTarget(call.folder, undefined);
  const isNamed = Boolean(process.env.SHIPWAY_URL) || (call.text('data') === undefined && appName !== undefined);
  const asked = isNamed ? baseUrl : local.url;
  return asked.origin === local.url.origin ? { url: local.url, authorization: `Bearer ${local.token}` } : undefined;
}

async function findProof(call: CommandCall): Promise<Proof> {
  const token = call.text('token');
  const { baseUrl } = await findTarget(call.folder, undefined);
  if (token !== undefined) return proofByToken(baseUrl, token, call);
  return (await proofByDataFolder(call)) ?? proofByPassword(baseUrl, call);
}

/** Every login gets a token of its own, so that logging out takes back that one alone. */
export async function login(call: CommandCall): Promise<undefined> {
  const { url, authorization } = await findProof(call);
  const body = { description: authorizationDescription(), scope: ['global'] };
  const request = { method: 'POST', path: '/oauth/authorizations', body, authorization } as const;
  const { access_token, user } = await createApiClient(url, undefined).call(request, authorizationShape);
  await saveCredentials(url, { token: access_token.token, email: user.email });
  await rememberLogin(url.origin);
  print(call.terminal, `Logged in to ${url.origin} as ${user.email}`);
}

async function revoke(api: ApiClient): Promise<void> {
  try {
    await api.tell({ method: 'DELETE', path: '/oauth/authorizations/~' });
  } catch (error) {
    // It was taken back already, or has run out: then it is to be forgotten all the more.
    if (!(error instanceof CliError && (error.exitCode === 3 || error.exitCode === 4))) throw error;
  }
}

export async function logout(call: CommandCall): Promise<undefined> {
  const { baseUrl } = await findTarget(call.folder, undefined);
  const credentials = await findCredentials(baseUrl);
  if (process.env.SHIPWAY_API_KEY) {
    throw new CliError('Cannot log out: the token is in SHIPWAY_API_KEY.', {
      exitCode: 2,
      hint: 'unset SHIPWAY_API_KEY',
    });
  }
  if (credentials !== undefined) {
    await revoke(createApiClient(baseUrl, credentials.token));
    await forgetCredentials(baseUrl, credentials.token);
  }
  print(call.terminal, `Logged out of ${baseUrl.origin}`);
}

export async function whoAmI(call: CommandCall): Promise<undefined> {
  const { api, terminal } = await openSession(call);
  print(terminal, (await api.call({ method: 'GET', path: '/account' }, accountShape)).email);
}

export async function showToken(call: CommandCall): Promise<undefined> {
  const { baseUrl } = await findTarget(call.folder, undefined);
  const credentials = await findCredentials(baseUrl);
  if (credentials === undefined) {
    throw new CliError(`Not logged in to ${baseUrl.origin}.`, { exitCode: 3, hint: 'Log in: shipway login' });
  }
  print(call.terminal, credentials.token);
}
