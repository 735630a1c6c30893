import { useDeferredValue, useMemo, useState } from 'react';
import { useClient } from '../api/context.ts';
import { appPath, useDynos } from '../api/queries.ts';
import { logSessionSchema } from '../api/schemas.ts';
import { type LineStream, useLines } from '../api/use-lines.ts';
import { LogView } from '../parts/log-view.tsx';
import { byName } from '../rules/app-state.ts';
import { lineCount } from '../rules/line-buffer.ts';

const keptLines = 3_000;
const firstLines = 500;

interface LogFilter {
  readonly source: '' | 'app' | 'heroku';
  readonly dyno: string;
}

export function LogsPage({ app }: { readonly app: string }) {
  const [filter, setFilter] = useState<LogFilter>({ source: '', dyno: '' });
  const [search, setSearch] = useState('');
  const { buffer, failure } = useLines(useLogStream(app, filter));
  const [held, setHeld] = useState<typeof buffer>();
  const shown = held ?? buffer;
  const change = (next: LogFilter) => {
    setFilter(next);
    // Another filter is another log: a pause of the one before means nothing in it.
    setHeld(undefined);
  };
  return (
    <section aria-labelledby="logs-title" className="logs">
      <h2 id="logs-title" className="hidden">
        Logs
      </h2>
      <div className="toolbar">
        <FilterFields app={app} filter={filter} onChange={change} />
        <input
          type="search"
          aria-label="Search logs"
          placeholder="Search  /"
          data-search
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <button type="button" aria-pressed={held !== undefined} onClick={() => setHeld(held ? undefined : buffer)}>
          {held === undefined ? 'Pause' : 'Resume'}
        </button>
        <p className="muted number" role="status" aria-label="Log state">
          {held === undefined ? `${lineCount(shown)} lines` : `Paused, ${buffer.next - held.next} new`}
        </p>
      </div>
      <LogView buffer={shown} failure={failure} search={useDeferredValue(search.trim().toLowerCase())} />
    </section>
  );
}

interface FilterFieldsProps {
  readonly app: string;
  readonly filter: LogFilter;
  readonly onChange: (filter: LogFilter) => void;
}

function FilterFields({ app, filter, onChange }: FilterFieldsProps) {
  const dynos = useDynos(app);
  const names = [...new Set([...byName(dynos.data ?? []).map((dyno) => dyno.name), 'router', 'api'])];
  if (filter.dyno !== '' && !names.includes(filter.dyno)) names.push(filter.dyno);
  return (
    <>
      <select
        aria-label="Source"
        value={filter.source}
        onChange={(event) => onChange({ ...filter, source: readSource(event.target.value) })}
      >
        <option value="">All sources</option>
        <option value="app">App</option>
        <option value="heroku">Platform</option>
      </select>
      <select
        aria-label="Instance"
        value={filter.dyno}
        onChange={(event) => onChange({ ...filter, dyno: event.target.value })}
      >
        <option value="">All instances</option>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </>
  );
}

function readSource(value: string): LogFilter['source'] {
  return value === 'app' || value === 'heroku' ? value : '';
}

/** A session's URL does not live for ever: each connection asks for a new one and goes on after the last line seen. */
function useLogStream(app: string, { source, dyno }: LogFilter): LineStream {
  const client = useClient();
  return useMemo(
    () => ({
      limit: keptLines,
      open: async function* (lastId, signal) {
        const session = await client.send({
          method: 'POST',
          path: appPath(app, 'log-sessions'),
          body: { lines: firstLines, tail: true, ...(source && { source }), ...(dyno && { dyno }) },
          signal,
        });
        yield* client.events(logSessionSchema.parse(session).logplex_url, { lastId, signal });
      },
      isOver: async () => false,
    }),
    [client, app, source, dyno],
  );
}
