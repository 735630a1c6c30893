import { formatLogLine, type LogLine, type LogQuery, type LogSource } from '../../server/domain/log.ts';

/** How far an instance's output was read from the engine. */
export interface InstanceMark {
  readonly instanceId: string;
  readonly cursor: string;
}

/** A line as it is stored: Heroku's form, readable with any pager. A line end inside of the text begins another line. */
export function writeRecord(line: LogLine): string {
  const texts = line.text.split(/\r?\n/);
  return texts.map((text) => `${formatLogLine({ ...line, text })}\n`).join('');
}

/** @returns undefined for a mark, and for what this program did not write. */
export function parseRecord(record: string): LogLine | undefined {
  const match = /^(\d{4}-\S+) (app|heroku)\[([^\]]*)\]: (.*)$/s.exec(record);
  const [, at = '', source, instance = '', text = ''] = match ?? [];
  if (source === undefined) return undefined;
  return { at: new Date(at), source: source as LogSource, instance, text };
}

/**
 * Marks stand between the lines and reach the disk in the same write, so a killed server goes on exactly after the last line that it stored.
 * No line begins with `@`: lines begin with a time.
 */
export function writeMark(mark: InstanceMark): string {
  return `@${mark.instanceId} ${mark.cursor}\n`;
}

export function parseMark(record: string): InstanceMark | undefined {
  const match = /^@(\S+) (\S+)$/.exec(record);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { instanceId: match[1], cursor: match[2] };
}

/** Whether a reader asked for this line: `web.1` is one instance, `web` all of that process type. */
export function matchesQuery(line: LogLine, query: Pick<LogQuery, 'source' | 'instance'>): boolean {
  if (query.source !== undefined && line.source !== query.source) return false;
  if (query.instance === undefined) return true;
  return line.instance === query.instance || line.instance.startsWith(`${query.instance}.`);
}
