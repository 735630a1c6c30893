import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '../domain/app.ts';
import type { User } from '../domain/user.ts';

/** A request of git's that may be answered: the user is known and may do this to the app. */
export interface GitExchange {
  readonly app: App;
  readonly user: User;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export type GitService = 'git-receive-pack' | 'git-upload-pack';

/** Nothing of git's may come from a cache (gitprotocol-http, "Smart Clients"). */
export const noCache = {
  'Cache-Control': 'no-cache, max-age=0, must-revalidate',
  Expires: 'Fri, 01 Jan 1980 00:00:00 GMT',
  Pragma: 'no-cache',
} as const;
