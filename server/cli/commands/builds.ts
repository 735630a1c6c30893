import type * as z from 'zod/mini';
import { formatTime } from '../ages.ts';
import { path } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import type { CommandCall } from '../command.ts';
import { followLines, streamUrl } from '../line-stream.ts';
import { parseCount } from '../numbers.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { buildShape } from '../shapes.ts';
import { formatTable, note, print, printHeading, printJson, safeText } from '../terminal.ts';

type Build = z.output<typeof buildShape>;

async function newestBuilds({ api, app }: AppSession, count: number): Promise<readonly Build[]> {
  const range = `created_at ..; order=desc,max=${count}`;
  return api.list({ method: 'GET', path: path`/apps/${app}/builds`, range }, buildShape);
}

async function readBuild({ api, app }: AppSession, id: string): Promise<Build> {
  return api.call({ method: 'GET', path: path`/apps/${app}/builds/${id}` }, buildShape);
}

async function givenOrNewest(session: AppSession, given: string | undefined): Promise<Build> {
  if (given !== undefined) return readBuild(session, given);
  const [build] = await newestBuilds(session, 1);
  if (build !== undefined) return build;
  throw new CliError(`${session.app} has no builds yet.`, { exitCode: 4, hint: 'Deploy it: git push shipway main' });
}

export async function listBuilds(call: CommandCall): Promise<undefined> {
  const count = parseCount('num', call.text('num'), 15);
  const session = await openAppSession(call);
  const { terminal, app } = session;
  const builds = await newestBuilds(session, count);
  if (call.flag('json')) return printJson(terminal, builds);
  if (builds.length === 0) return note(terminal, `${app} has no builds yet. Deploy it: git push shipway main`);
  printHeading(terminal, `${app} Builds`);
  const rows = builds.map((build) => [
    build.id,
    build.state ?? build.status,
    (build.commit ?? '').slice(0, 7),
    build.release_version ? `v${build.release_version}` : '',
    build.user.email,
    formatTime(build.created_at),
  ]);
  print(terminal, formatTable(rows));
}

/** Exit code 1 for a build that failed, so that a script can wait for one. */
export async function showOutput(call: CommandCall): Promise<number | undefined> {
  const session = await openAppSession(call);
  const { api, terminal } = session;
  const { id } = await givenOrNewest(session, call.args[0]);
  const open = async () => streamUrl(api.baseUrl, (await readBuild(session, id)).output_stream_url);
  const { signal } = new AbortController();
  for await (const line of followLines({ open, isEndless: false, signal })) print(terminal, safeText(line));
  return (await readBuild(session, id)).status === 'failed' ? 1 : 0;
}

export async function cancelBuild(call: CommandCall): Promise<undefined> {
  const session = await openAppSession(call);
  const { api, terminal, app } = session;
  const build = await givenOrNewest(session, call.args[0]);
  await api.tell({ method: 'DELETE', path: path`/apps/${app}/builds/${build.id}` });
  print(terminal, `Canceling build ${build.id} of ${app}`);
}
