import { type ApiClient, createApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { CommandCall } from './command.ts';
import { findCredentials } from './credentials.ts';
import { findTarget, requireApp } from './target.ts';
import type { Terminal } from './terminal.ts';

/** What a command works with once it is known where it goes and who asks. */
export interface Session {
  readonly api: ApiClient;
  readonly terminal: Terminal;
  readonly folder: string;
}

export interface AppSession extends Session {
  readonly app: string;
}

async function open(call: CommandCall) {
  const target = await findTarget(call.folder, call.text('app'));
  const credentials = await findCredentials(target.baseUrl);
  if (credentials === undefined) {
    const { origin } = target.baseUrl;
    throw new CliError(`Not logged in to ${origin}.`, { exitCode: 3, hint: 'Log in: shipway login' });
  }
  const api = createApiClient(target.baseUrl, credentials.token);
  return { target, session: { api, terminal: call.terminal, folder: call.folder } };
}

/** @throws CliError exit code 3 without a token. */
export async function openSession(call: CommandCall): Promise<Session> {
  return (await open(call)).session;
}

/** @throws CliError exit code 2 when no app is named and none is found. */
export async function openAppSession(call: CommandCall): Promise<AppSession> {
  const { target, session } = await open(call);
  return { ...session, app: requireApp(target) };
}
