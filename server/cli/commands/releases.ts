import type * as z from 'zod/mini';
import { formatTime } from '../ages.ts';
import { path } from '../api-client.ts';
import { CliError, usageError } from '../cli-error.ts';
import type { CommandCall } from '../command.ts';
import { parseCount } from '../numbers.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { releaseShape } from '../shapes.ts';
import { formatTable, note, paint, print, printHeading, printJson, safeText } from '../terminal.ts';

type Release = z.output<typeof releaseShape>;

const newest = (count: number) => `version ..; order=desc,max=${count}`;

async function readReleases({ api, app }: AppSession, count: number): Promise<readonly Release[]> {
  return api.list({ method: 'GET', path: path`/apps/${app}/releases`, range: newest(count) }, releaseShape);
}

/** `v12` and `12` are the same. */
function parseVersion(text: string): string {
  const version = /^v?(\d+)$/.exec(text)?.[1];
  if (version === undefined) throw usageError(`${text} is not a release: write v12.`);
  return version;
}

async function readRelease({ api, app }: AppSession, given: string): Promise<Release> {
  return api.call({ method: 'GET', path: path`/apps/${app}/releases/${parseVersion(given)}` }, releaseShape);
}

export async function listReleases(call: CommandCall): Promise<undefined> {
  const count = parseCount('num', call.text('num'), 15);
  const session = await openAppSession(call);
  const { terminal, app } = session;
  const releases = await readReleases(session, count);
  if (call.flag('json')) return printJson(terminal, releases);
  if (releases.length === 0) return note(terminal, `${app} has no releases yet. Deploy it: git push shipway main`);
  const current = releases.find((release) => release.current);
  printHeading(terminal, `${app} Releases${current === undefined ? '' : ` - Current: v${current.version}`}`);
  const rows = releases.map(({ version, description, status, user, created_at }) => [
    `v${version}`,
    safeText(description) + (status === 'succeeded' ? '' : ` (${status})`),
    user.email,
    formatTime(created_at),
  ]);
  print(terminal, formatTable(rows));
}

export async function showRelease(call: CommandCall): Promise<undefined> {
  const session = await openAppSession(call);
  const { terminal, app } = session;
  const [given] = call.args;
  const release = given === undefined ? (await readReleases(session, 1))[0] : await readRelease(session, given);
  if (release === undefined) throw new CliError(`${app} has no releases yet.`, { exitCode: 4 });
  if (call.flag('json')) return printJson(terminal, release);
  printHeading(terminal, `Release v${release.version}`);
  const rows = [
    ['Change:', safeText(release.description)],
    ['Status:', release.current ? `${release.status}, current` : release.status],
    ['Failure:', safeText(release.failure ?? '')],
    ['Commit:', release.commit ?? ''],
    ['By:', release.user.email],
    ['When:', formatTime(release.created_at)],
  ];
  print(terminal, formatTable(rows.filter(([, value]) => value !== '')));
}

/** The newest one that ran before the current one and can run again. */
async function previousRelease(session: AppSession): Promise<Release> {
  const releases = await readReleases(session, 50);
  const current = releases.find((release) => release.current);
  const previous = releases.find(
    ({ version, eligible_for_rollback }) => eligible_for_rollback && current !== undefined && version < current.version,
  );
  if (previous !== undefined) return previous;
  throw new CliError(`Cannot roll back ${session.app}: no release before the current one has run.`, { exitCode: 4 });
}

export async function rollBack(call: CommandCall): Promise<undefined> {
  const session = await openAppSession(call);
  const { api, terminal, app } = session;
  const [given] = call.args;
  const to = given === undefined ? await previousRelease(session) : await readRelease(session, given);
  const request = { method: 'POST', path: path`/apps/${app}/releases`, body: { release: to.id } } as const;
  const release = await api.call(request, releaseShape);
  print(terminal, `Rolling ${app} back to v${to.version}: ${paint(terminal, 'green', `v${release.version}`)}`);
}
