import { CliError, usageError } from './cli-error.ts';
import { type GitRemote, readRemotes } from './git.ts';
import { readLastLogin } from './last-login.ts';

const defaultUrl = 'http://localhost:8080';

/** Which platform, and which of its apps. */
export interface Target {
  readonly baseUrl: URL;
  readonly appName: string | undefined;
}

function parseBaseUrl(text: string): URL {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw usageError(`SHIPWAY_URL is not a URL: ${text}`, 'Write it as SHIPWAY_URL=http://localhost:8080');
  }
  return new URL(new URL(text).origin);
}

/**
 * Pure: SHIPWAY_URL, else the remote's origin, else the platform of the last login, else the default. A remote named `shipway`
 * comes first; any other counts only where it is of that platform, for many repositories have remotes that end with `.git`.
 */
export function chooseTarget(options: {
  readonly url: string | undefined;
  readonly appFlag: string | undefined;
  readonly remotes: readonly GitRemote[];
  readonly lastLogin: string | undefined;
}): Target {
  const { url, appFlag, remotes, lastLogin } = options;
  const given = url === undefined ? undefined : parseBaseUrl(url);
  const own = remotes.find(({ name }) => name === 'shipway');
  const fallback = given ?? parseBaseUrl(lastLogin ?? defaultUrl);
  const named = own !== undefined && (given === undefined || own.origin === given.origin) ? own : undefined;
  const remote = named ?? remotes.find(({ origin }) => origin === fallback.origin);
  return {
    baseUrl: given ?? (remote === undefined ? fallback : new URL(remote.origin)),
    appName: appFlag ?? remote?.appName,
  };
}

export async function findTarget(folder: string, appFlag: string | undefined): Promise<Target> {
  const [remotes, lastLogin] = await Promise.all([readRemotes(folder), readLastLogin()]);
  return chooseTarget({ url: process.env.SHIPWAY_URL || undefined, appFlag, remotes, lastLogin });
}

export function requireApp({ appName }: Target): string {
  if (appName !== undefined) return appName;
  throw new CliError('Cannot tell which app you mean: this folder has no git remote of an app.', {
    exitCode: 2,
    hint: 'Name it: --app NAME, or add the remote: shipway git:remote --app NAME',
  });
}
