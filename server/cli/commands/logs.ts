import { path } from '../api-client.ts';
import { usageError } from '../cli-error.ts';
import type { CommandCall } from '../command.ts';
import { followLines, streamUrl } from '../line-stream.ts';
import { parseCount } from '../numbers.ts';
import { openAppSession } from '../session.ts';
import { logSessionShape } from '../shapes.ts';
import { paint, print, type Style, safeText, type Terminal } from '../terminal.ts';

const colours: readonly Style[] = ['cyan', 'yellow', 'green', 'magenta', 'blue'];

/** `<time> app[web.1]:` in a colour of the instance's own. */
export function paintLogLine(terminal: Terminal, line: string): string {
  return line.replace(/^\S+ \w+\[([^\]]*)\]:/, (prefix, instance: string) => {
    const sum = [...instance].reduce((total, character) => total + (character.codePointAt(0) ?? 0), 0);
    return paint(terminal, colours[sum % colours.length] ?? 'cyan', prefix);
  });
}

export async function showLogs(call: CommandCall): Promise<undefined> {
  const lines = parseCount('num', call.text('num'), 100);
  const source = call.text('source');
  if (source !== undefined && source !== 'app' && source !== 'heroku') {
    throw usageError(`--source is app or heroku, not ${source}.`);
  }
  const { api, terminal, app } = await openAppSession(call);
  const tail = call.flag('tail');
  const dyno = call.text('dyno') ?? call.text('ps');
  const body = { lines, tail, ...(source === undefined ? {} : { source }), ...(dyno === undefined ? {} : { dyno }) };
  const request = { method: 'POST', path: path`/apps/${app}/log-sessions`, body } as const;
  const open = async () => streamUrl(api.baseUrl, (await api.call(request, logSessionShape)).logplex_url);
  const { signal } = new AbortController();
  for await (const line of followLines({ open, isEndless: tail, signal })) {
    print(terminal, paintLogLine(terminal, safeText(line)));
  }
}
