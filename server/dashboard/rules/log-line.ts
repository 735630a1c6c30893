/** A line of an app's log, taken apart. Text that has another form keeps its whole self in `text`. */
export interface LogEntry {
  readonly at: string;
  readonly source: string;
  readonly instance: string;
  readonly text: string;
}

const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ([a-z]+)\[([^\]]*)\]: ?(.*)$/s;

/** Heroku's form: `2026-04-26T16:58:32.943000+00:00 app[web.1]: listening`. */
export function parseLogLine(line: string): LogEntry {
  const [, at, source, instance, text] = pattern.exec(line) ?? [];
  if (at === undefined || source === undefined || instance === undefined || text === undefined) {
    return { at: '', source: '', instance: '', text: line };
  }
  return { at, source, instance, text };
}

/** Instances keep their colour: the name decides. Eight classes, `tag-0` to `tag-7`. */
export function tagOf(instance: string): number {
  let hash = 0;
  for (const letter of instance) hash = (hash * 11 + (letter.codePointAt(0) ?? 0)) % 9973;
  return hash % 8;
}
