import type { IncomingMessage } from 'node:http';
import { ShipwayError } from '../domain/error.ts';
import type { GitService } from './git-exchange.ts';

/** One of the three requests of git's smart protocol. `appName` is what the user wrote: not yet known to be a name. */
export interface GitRoute {
  readonly appName: string;
  readonly kind: 'advertise' | 'exchange';
  readonly service: GitService;
}

const pathPattern = /^\/([A-Za-z0-9._-]{1,64})\.git\/(info\/refs|git-receive-pack|git-upload-pack)$/;

/** Whether a request is for the git handler: no other path of the platform looks like this. */
export function isGitPath(url: string): boolean {
  return pathPattern.test(pathOf(url));
}

/** @throws ShipwayError for what is not a request of git's smart protocol. */
export function matchGitRoute({ method, url = '', headers }: IncomingMessage): GitRoute {
  const [, appName, action] = pathPattern.exec(pathOf(url)) ?? [];
  if (appName === undefined || action === undefined) {
    throw new ShipwayError('not_found', 'No repository has this address. It is http://<host>/<app>.git.');
  }
  if (action === 'info/refs') {
    if (method !== 'GET') throw new ShipwayError('bad_request', 'info/refs is asked for by GET.');
    return { appName, kind: 'advertise', service: parseService(url) };
  }
  // A browser cannot send this type across sites without asking first, so a page elsewhere cannot push.
  if (method !== 'POST' || headers['content-type'] !== `application/x-${action}-request`) {
    throw new ShipwayError('bad_request', `${action} takes a POST of application/x-${action}-request.`);
  }
  return { appName, kind: 'exchange', service: action as GitService };
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

function parseService(url: string): GitService {
  const service = new URLSearchParams(url.slice(pathOf(url).length)).get('service');
  if (service === 'git-receive-pack' || service === 'git-upload-pack') return service;
  throw new ShipwayError('bad_request', 'Only the smart HTTP protocol is spoken here. Use git 1.7 or later.');
}
