/** `app`: what instances wrote. `heroku`: what the platform says about the app (the router, state changes). */
export type LogSource = 'app' | 'heroku';

export interface LogLine {
  readonly at: Date;
  readonly source: LogSource;
  /** `web.1`, `router`, `api`, `worker.2`. */
  readonly instance: string;
  readonly text: string;
}

/** A stored line with its place in the app's log; places grow, so a reader resumes after the last one it saw. */
export interface PlacedLogLine extends LogLine {
  readonly place: number;
}

export interface LogQuery {
  readonly lines: number;
  readonly tail: boolean;
  readonly source?: LogSource | undefined;
  /** `web.1`, or `web` for all instances of that process type. */
  readonly instance?: string | undefined;
  /** Only lines after this place (Last-Event-ID). */
  readonly after?: number | undefined;
}

/** Logs belong to the app: they outlive instances, releases and restarts of the platform. */
export interface Logs {
  append(appId: string, lines: readonly LogLine[]): void;
  /** Ends at the last stored line without `tail`; with it, when `signal` aborts. */
  read(appId: string, query: LogQuery, signal: AbortSignal): AsyncIterable<PlacedLogLine>;
  remove(appId: string): Promise<void>;
  flush(): Promise<void>;
}

/** Heroku's form: `2026-04-26T16:58:32.943000+00:00 app[web.1]: listening`. RFC 3339 with microseconds. */
export function formatLogLine(line: LogLine): string {
  return `${line.at.toISOString().replace('Z', '000+00:00')} ${line.source}[${line.instance}]: ${line.text}`;
}
