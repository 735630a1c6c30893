import { homedir } from 'node:os';
import { join } from 'node:path';
import { findMachine, removeMachine, setMachine } from './netrc.ts';
import { changeNetrc, readNetrc } from './netrc-file.ts';

export interface Credentials {
  readonly token: string;
  readonly email: string | undefined;
}

function netrcPath(): string {
  return process.env.NETRC || join(process.env.HOME ?? homedir(), '.netrc');
}

/**
 * The more exact one first: `localhost:8080` tells two platforms of one host apart, `localhost` is what git (curl) looks for.
 * An IPv6 address stands without its brackets, as curl has it.
 */
function machinesOf(baseUrl: URL): readonly string[] {
  const host = baseUrl.hostname.replace(/^\[|\]$/g, '');
  return baseUrl.port === '' ? [host] : [`${host}:${baseUrl.port}`, host];
}

export async function findCredentials(baseUrl: URL): Promise<Credentials | undefined> {
  const key = process.env.SHIPWAY_API_KEY;
  if (key) return { token: key, email: undefined };
  const netrc = await readNetrc(netrcPath());
  for (const machine of machinesOf(baseUrl)) {
    const entry = findMachine(netrc, machine);
    if (entry?.password) return { token: entry.password, email: entry.login };
  }
  return undefined;
}

export async function saveCredentials(baseUrl: URL, { token, email }: { token: string; email: string }): Promise<void> {
  const entry = { login: email, password: token };
  await changeNetrc(netrcPath(), (text) =>
    machinesOf(baseUrl).reduce((changed, machine) => setMachine(changed, machine, entry), text),
  );
}

/** Another platform on the same host keeps its own. */
export async function forgetCredentials(baseUrl: URL, token: string): Promise<void> {
  await changeNetrc(netrcPath(), (text) =>
    machinesOf(baseUrl).reduce(
      (changed, machine) =>
        findMachine(changed, machine)?.password === token ? removeMachine(changed, machine) : changed,
      text,
    ),
  );
}
