import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '../domain/app.ts';
import { ShipwayError, toShipwayError } from '../domain/error.ts';
import type { PushReceiver, Repositories } from '../domain/git.ts';
import type { User } from '../domain/user.ts';
import { type GitExchange, type GitService, noCache } from './git-exchange.ts';
import { type GitRoute, matchGitRoute } from './git-route.ts';
import { ProtocolError } from './pkt-line.ts';
import { writeReceiveAdvertisement } from './receive-advertisement.ts';
import { createReceivePack } from './receive-pack.ts';
import { readRefs } from './refs.ts';
import { drain } from './request-body.ts';
import { readShallow } from './shallow.ts';
import { advertiseUploadPack, uploadPack } from './upload-pack.ts';

export interface GitHandlerOptions {
  readonly repositories: Repositories;
  /** The user whose token is the password of HTTP Basic, whatever the user name; undefined for none or a wrong one. */
  readonly authenticate: (request: IncomingMessage) => Promise<User | undefined>;
  /** @throws ShipwayError, whose status and message the user is shown. With `create`, an app that is not there is made. */
  readonly findApp: (user: User, name: string, options: { readonly create: boolean }) => Promise<{ readonly app: App }>;
  readonly receiver: PushReceiver;
  readonly maxPackBytes: number;
  readonly log: (text: string) => void;
  readonly clock: () => Date;
  readonly stallTimeoutMs?: number;
  readonly keepAliveMs?: number;
}

type Answer = (exchange: GitExchange) => Promise<void>;

/**
 * Git over HTTP (gitprotocol-http): `/<app>.git/info/refs`, `/<app>.git/git-receive-pack`, `/<app>.git/git-upload-pack`. The body of a
 * request must not have been read. Large pushes take their time: the HTTP server needs `requestTimeout: 0`.
 */
export function createGitHandler(
  options: GitHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const settings = { stallTimeoutMs: 60_000, keepAliveMs: 5_000, ...options };
  const answers: Record<GitRoute['kind'], Record<GitService, Answer>> = {
    advertise: {
      'git-receive-pack': (exchange) => advertiseReceivePack(options.repositories, exchange),
      'git-upload-pack': (exchange) => advertiseUploadPack(settings, exchange),
    },
    exchange: {
      'git-receive-pack': createReceivePack(settings),
      'git-upload-pack': (exchange) => uploadPack(settings, exchange),
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = matchGitRoute(request);
    const user = await options.authenticate(request);
    if (user === undefined) throw new ShipwayError('unauthorized', 'Sign in with your token as the password.');
    const create = route.kind === 'advertise' && route.service === 'git-receive-pack';
    const { app } = await options.findApp(user, route.appName, { create });
    await answers[route.kind][route.service]({ app, user, request, response });
  }

  return (request, response) => {
    // A peer that leaves while it is written to: without a listener, Node would end the server for it.
    response.on('error', () => undefined);
    answer(request, response).catch((error: unknown) => refuse({ request, response, log: options.log }, error));
  };
}

async function advertiseReceivePack(repositories: Repositories, { app, response }: GitExchange): Promise<void> {
  await repositories.create(app.id);
  const path = repositories.pathOf(app.id);
  const [refs, shallow] = await Promise.all([readRefs(path), readShallow(path)]);
  response.writeHead(200, { ...noCache, 'Content-Type': 'application/x-git-receive-pack-advertisement' });
  response.end(writeReceiveAdvertisement(refs, shallow));
}

/** As plain text: git prints it as `remote: ...` next to its own words for the status. */
function refuse(
  { request, response, log }: { request: IncomingMessage; response: ServerResponse; log: (text: string) => void },
  thrown: unknown,
): void {
  const error =
    thrown instanceof ProtocolError ? new ShipwayError('bad_request', thrown.message) : toShipwayError(thrown);
  if (error.code === 'internal') log(`${request.method} ${request.url} failed: ${String(error.cause ?? error)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(error.status, {
    ...noCache,
    'Content-Type': 'text/plain; charset=utf-8',
    ...(error.code === 'unauthorized' ? { 'WWW-Authenticate': 'Basic realm="Shipway", charset="UTF-8"' } : {}),
  });
  response.end(`${error.message}\n`);
  void drain(request);
}
