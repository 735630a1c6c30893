import { text } from 'node:stream/consumers';
import { path } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import type { CommandCall } from '../command.ts';
import { findCredentials } from '../credentials.ts';
import { installCredentialHelper, isRepository, setRemote } from '../git.ts';
import { type AppSession, openAppSession, type Session } from '../session.ts';
import { appShape } from '../shapes.ts';
import { findTarget } from '../target.ts';
import { note, print } from '../terminal.ts';

export const defaultRemote = 'shipway';

/** What git calls: the launcher that started us, else whatever `shipway` is on the PATH. */
function launcher(): string {
  return process.env.SHIPWAY_LAUNCHER || 'shipway';
}

/** Points a remote of the folder at the app, and lets git log in there by itself. */
export async function connectFolder({ folder, terminal }: Session, gitUrl: string, remote: string): Promise<void> {
  await setRemote(folder, remote, gitUrl);
  await installCredentialHelper(folder, gitUrl, launcher());
  note(terminal, `Git remote ${remote} is ${gitUrl}`);
}

export async function addRemote(call: CommandCall): Promise<undefined> {
  const session: AppSession = await openAppSession(call);
  if (!(await isRepository(call.folder))) {
    throw new CliError(`Cannot add a remote: ${call.folder} is no git repository.`, { exitCode: 2, hint: 'git init' });
  }
  const app = await session.api.call({ method: 'GET', path: path`/apps/${session.app}` }, appShape);
  await connectFolder(session, app.git_url, call.text('remote') ?? defaultRemote);
}

/** git-credential(1), "INPUT/OUTPUT FORMAT": attributes as lines of key=value. */
export function parseAttributes(input: string): Readonly<Record<string, string>> {
  const pairs = input.split('\n').flatMap((line) => {
    const [matched, key = '', value = ''] = /^([^=\0]+)=(.*)$/.exec(line) ?? [];
    return matched === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(pairs);
}

/** The token for the host that git asks about. The one of SHIPWAY_API_KEY goes to the platform that it is meant for, and to no other. */
export async function answerGit(call: CommandCall): Promise<undefined> {
  if (call.args[0] !== 'get') return;
  const { protocol, host } = parseAttributes(await text(call.terminal.stdin));
  if (host === undefined || !/^https?$/.test(protocol ?? '') || !URL.canParse(`${protocol}://${host}`)) return;
  const { origin } = new URL(`${protocol}://${host}`);
  const isTarget = (await findTarget(call.folder, undefined)).baseUrl.origin === origin;
  if (process.env.SHIPWAY_API_KEY && !isTarget) return;
  const credentials = await findCredentials(new URL(origin));
  if (credentials === undefined) return;
  print(call.terminal, `username=${credentials.email ?? 'shipway'}\npassword=${credentials.token}`);
}
