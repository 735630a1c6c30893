import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request, type Response } from 'express';
import {
  buildLines,
  logLines,
  type RecordedApp,
  recordedApp,
  recordedRelease,
  recordedWorld,
} from './recorded-answers.ts';

export interface FakeApi {
  readonly url: string;
  readonly apps: Map<string, RecordedApp>;
  /** Requests that change something, as `METHOD path`, with their bodies. */
  readonly changes: { readonly line: string; readonly body: unknown }[];
  /** Sends a line to everybody who reads that build's output. */
  readonly writeBuildLine: (id: string, text: string) => void;
  readonly writeLogLine: (text: string) => void;
  readonly endStreams: () => void;
  /** Answers 503 to everything while it is true. */
  away: boolean;
  signedIn: boolean;
  readonly close: () => Promise<void>;
}

const token = 'secret-token';
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/** The built dashboard on an ephemeral loopback port, with the API's answers as recorded. */
export async function startFakeApi(dist: string): Promise<FakeApi> {
  const app = express();
  const server = createServer(app);
  const streams = new Map<string, { lines: string[]; readers: Set<Response> }>();
  const api: FakeApi = {
    url: '',
    apps: recordedWorld(),
    changes: [],
    writeBuildLine: (id, text) => write(streams, id, text),
    writeLogLine: (text) => write(streams, 'logs', text),
    endStreams: () => endStreams(streams),
    away: false,
    signedIn: true,
    close: () => close(server),
  };
  for (const id of ['b1', 'b2', 'b3']) for (const line of buildLines) write(streams, id, line);
  for (const line of logLines) write(streams, 'logs', line);

  servePages(app, dist, api);
  serveSession(app, api);
  serveStreams(app, streams, api);
  serveApps(app, api);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(api, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function servePages(app: Express, dist: string, api: FakeApi): void {
  app.use((_request, response, next) => {
    response.set('Content-Security-Policy', policy);
    next();
  });
  app.use(express.static(dist, { index: false }));
  app.use(express.json());
  app.use((request, response, next) => {
    if (request.method === 'GET' && request.headers.accept?.startsWith('text/html')) {
      response.sendFile('index.html', { root: dist });
    } else if (api.away) response.status(503).json({ id: 'unavailable', message: 'The database cannot be reached.' });
    else next();
  });
  app.use((request, response, next) => {
    if (request.method === 'GET') return next();
    if (request.get('X-Requested-With') !== 'shipway-dashboard') {
      response.status(403).json({ id: 'forbidden', message: 'The header is missing.' });
      return;
    }
    api.changes.push({ line: `${request.method} ${request.path}`, body: request.body });
    next();
  });
}

function serveSession(app: Express, api: FakeApi): void {
  app.post('/dashboard/session', (request, response) => {
    const right = request.body.password === 'right' || request.body.token === token;
    if (!right) {
      response.status(401).json({ id: 'unauthorized', message: 'Invalid credentials.' });
      return;
    }
    api.signedIn = true;
    response.status(201).json({ id: 'u1', email: 'ada@example.com' });
  });
  app.delete('/dashboard/session', (_request, response) => {
    api.signedIn = false;
    response.status(204).end();
  });
  app.use((_request, response, next) => {
    if (api.signedIn) next();
    else response.status(401).json({ id: 'unauthorized', message: 'Invalid credentials provided.' });
  });
  app.get('/account', (_request, response) => {
    response.json({ id: 'u1', email: 'ada@example.com', created_at: '2026-01-01T00:00:00Z' });
  });
}

type Streams = Map<string, { lines: string[]; readers: Set<Response> }>;

function serveStreams(app: Express, streams: Streams, api: FakeApi): void {
  const stream = (request: Request, response: Response, name: string, over: () => boolean) => {
    response.type('text/event-stream');
    response.flushHeaders();
    const source = streams.get(name) ?? { lines: [], readers: new Set<Response>() };
    streams.set(name, source);
    const after = Number(request.get('Last-Event-ID') ?? 0);
    source.lines.forEach((line, index) => {
      if (index + 1 > after) response.write(`id: ${index + 1}\ndata: ${line}\n\n`);
    });
    if (over()) response.end();
    else source.readers.add(response);
    response.on('close', () => source.readers.delete(response));
  };
  app.get('/streams/builds/:id', (request, response) => {
    const status = () => [...api.apps.values()].flatMap((one) => one.builds).find(({ id }) => id === request.params.id);
    stream(request, response, request.params.id, () => status()?.status !== 'pending');
  });
  app.get('/streams/logs', (request, response) => stream(request, response, 'logs', () => false));
  app.post('/apps/:app/log-sessions', (_request, response) => {
    response.status(201).json({ id: 'l1', logplex_url: 'http://localhost:8080/streams/logs?srv=1' });
  });
}

function write(streams: Streams, name: string, text: string): void {
  const source = streams.get(name) ?? { lines: [], readers: new Set<Response>() };
  streams.set(name, source);
  source.lines.push(text);
  for (const reader of source.readers) reader.write(`id: ${source.lines.length}\ndata: ${text}\n\n`);
}

function endStreams(streams: Streams): void {
  for (const { readers } of streams.values()) {
    for (const reader of readers) reader.end();
    readers.clear();
  }
}

function serveApps(app: Express, api: FakeApi): void {
  app.get('/users/~/apps', (_request, response) => {
    response.json([...api.apps.values()].map((one) => one.app));
  });
  app.post('/apps', (request, response) => {
    const name = request.body.name ?? 'quiet-harbor-1234';
    if (api.apps.has(name)) {
      response.status(422).json({ id: 'invalid_params', message: `Name ${name} is already taken.` });
      return;
    }
    const made = { app: recordedApp(name), dynos: [], formation: [], releases: [], builds: [], configVars: {} };
    api.apps.set(name, made);
    response.status(201).json(made.app);
  });
  app.use('/apps/:app', (request, response, next) => {
    const found = api.apps.get(request.params.app);
    response.locals.found = found;
    if (found === undefined) response.status(404).json({ id: 'not_found', message: `Couldn't find that app.` });
    else next();
  });
  const found = (response: Response): RecordedApp => response.locals.found;
  app.get('/apps/:app', (_request, response) => void response.json(found(response).app));
  app.patch('/apps/:app', (request, response) => {
    const { app: changed } = found(response);
    api.apps.delete(changed.name);
    Object.assign(changed, request.body);
    api.apps.set(changed.name, found(response));
    response.json(changed);
  });
  app.delete('/apps/:app', (request, response) => {
    response.json(found(response).app);
    api.apps.delete(request.params.app);
  });
  app.get('/apps/:app/dynos', (_request, response) => void response.json(found(response).dynos));
  app.delete('/apps/:app/dynos', (_request, response) => void response.status(202).json({}));
  app.get('/apps/:app/builds', (_request, response) => void response.json(found(response).builds));
  app.get('/apps/:app/builds/:id', (request, response) => {
    const build = found(response).builds.find(({ id }) => id === request.params.id);
    if (build === undefined) response.status(404).json({ id: 'not_found', message: `Couldn't find that build.` });
    else response.json(build);
  });
  serveReleases(app, found);
  serveConfig(app, found);
}

function serveReleases(app: Express, found: (response: Response) => RecordedApp): void {
  app.get('/apps/:app/releases', (_request, response) => void response.status(206).json(found(response).releases));
  app.post('/apps/:app/releases', (request, response) => {
    const { releases } = found(response);
    const to = releases.find(({ id }) => id === request.body.release);
    for (const release of releases) release.current = false;
    const made = recordedRelease((releases[0]?.version ?? 0) + 1, `Rollback to v${to?.version}`, 0, { current: true });
    releases.unshift(made);
    response.status(201).json(made);
  });
}

function serveConfig(app: Express, found: (response: Response) => RecordedApp): void {
  app.get('/apps/:app/config-vars', (_request, response) => void response.json(found(response).configVars));
  app.patch('/apps/:app/config-vars', (request, response) => {
    const { configVars } = found(response);
    Object.assign(configVars, request.body);
    for (const [name, value] of Object.entries(configVars)) if (value === null) delete configVars[name];
    response.json(configVars);
  });
  app.get('/apps/:app/formation', (_request, response) => void response.json(found(response).formation));
  app.patch('/apps/:app/formation', (request, response) => {
    const { formation } = found(response);
    for (const update of request.body.updates)
      Object.assign(formation.find(({ type }) => type === update.type) ?? {}, update);
    response.json(formation);
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
