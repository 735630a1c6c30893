import { z } from 'zod';
import { ShipwayError } from '../domain/error.ts';
import { formatLogLine, type LogQuery } from '../domain/log.ts';
import type { ApiDeps } from './deps.ts';
import { formatTime, nameId } from './json.ts';
import { openLineStream } from './line-stream.ts';
import { parseBody } from './request-body.ts';
import { appRoute, openRoute, pathPart, type Route, reply } from './route.ts';

const sessionSchema = z.object({
  lines: z.int({ error: 'must be a number' }).min(0).max(10_000, 'must be at most 10000').nullish(),
  tail: z.boolean({ error: 'must be true or false' }).nullish(),
  source: z.enum(['app', 'heroku'], { error: 'must be app or heroku' }).nullish(),
  /** `web.1`, or `web`. */
  dyno: z.string().max(100).nullish(),
});

const defaultLines = 100;
/** Clients that follow come back to the same URL after a break. */
const streamLifetimeS = 3600;

function readQuery(params: URLSearchParams, after: number | undefined): LogQuery {
  const source = params.get('source');
  return {
    lines: Number(params.get('lines')),
    tail: params.get('tail') === 'true',
    source: source === 'app' || source === 'heroku' ? source : undefined,
    instance: params.get('dyno') ?? undefined,
    after,
  };
}

export function logSessionRoutes({ stores, logs, signer, baseUrl, clock }: ApiDeps): readonly Route[] {
  return [
    appRoute('post', '/log-sessions', async (call) => {
      const { lines, tail, source, dyno } = parseBody(call, sessionSchema);
      const query = {
        lines: String(lines ?? defaultLines),
        tail: String(tail ?? false),
        ...(source ? { source } : {}),
        ...(dyno ? { dyno } : {}),
      };
      const url = baseUrl + signer.sign(`/streams/logs/${call.app.id}`, query, streamLifetimeS);
      const now = formatTime(clock());
      return reply({ created_at: now, id: nameId('log session', url), logplex_url: url, updated_at: now }, 201);
    }),
    openRoute('get', '/streams/logs/:id', async (call) => {
      const params = signer.verify(call.request.url);
      const app = await stores.apps.find(pathPart(call, 'id'));
      if (!app) throw new ShipwayError('not_found', "Couldn't find that app.", { resource: 'app' });
      const stream = openLineStream(call);
      for await (const line of logs.read(app.id, readQuery(params, stream.after), stream.signal)) {
        await stream.write(line.place, formatLogLine(line));
      }
      stream.end();
      return undefined;
    }),
  ];
}
