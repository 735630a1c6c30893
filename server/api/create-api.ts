import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import express from 'express';
import { ShipwayError } from '../domain/error.ts';
import { accountRoutes } from './account.ts';
import { appRoutes } from './apps.ts';
import { type Authenticate, createApiAuthenticator } from './authenticate.ts';
import { authorizationRoutes } from './authorizations.ts';
import { authorize } from './authorize.ts';
import { buildRoutes } from './builds.ts';
import { configVarRoutes } from './config-vars.ts';
import type { ApiDeps, ApiOptions } from './deps.ts';
import { dynoRoutes } from './dynos.ts';
import { formationRoutes } from './formation.ts';
import { logSessionRoutes } from './log-sessions.ts';
import { platformRoutes } from './platform.ts';
import { releaseRoutes } from './releases.ts';
import { readBodies } from './request-body.ts';
import { createRequestBudget } from './request-budget.ts';
import type { Reply, Route } from './route.ts';
import { sendError } from './send-error.ts';
import { createSessionCookie } from './session-cookie.ts';
import { sessionRoutes } from './sessions.ts';
import { createSignInLimit } from './sign-in-limit.ts';
import { createUrlSigner } from './signed-url.ts';

const mediaType = /^\s*(\*\/\*|application\/(\*|json|vnd\.heroku\+json)|text\/(\*|plain|event-stream|html))\s*(;|$)/i;
const otherVersion = /version\s*=\s*"?(?!3\b)/i;

/** `application/vnd.heroku+json; version=3`, and variants such as `version=3.sdk`. */
function acceptsOurs(header: string | undefined): boolean {
  if (header === undefined || header.trim() === '') return true;
  return header.split(',').some((part) => mediaType.test(part) && !otherVersion.test(part));
}

/** The router's request id if there is one, so that both logs speak of the same request. */
function nameRequest(request: Request, response: Response): void {
  const given = request.get('X-Request-Id');
  response.set({
    'Request-Id': given !== undefined && /^[A-Za-z0-9-]{20,200}$/.test(given) ? given : randomUUID(),
    'Cache-Control': 'private, no-cache',
    Vary: 'Accept, Authorization, Cookie, Range',
    'X-Content-Type-Options': 'nosniff',
  });
}

export function listRoutes(deps: ApiDeps, authenticate: Authenticate): readonly Route[] {
  return [
    ...accountRoutes(deps),
    ...appRoutes(deps),
    ...configVarRoutes(deps),
    ...dynoRoutes(deps),
    ...formationRoutes(deps),
    ...releaseRoutes(deps),
    ...buildRoutes(deps),
    ...logSessionRoutes(deps),
    ...authorizationRoutes(deps, authenticate),
    ...sessionRoutes(deps),
    ...platformRoutes(deps),
  ];
}

function send(response: Response, { status, body, headers = {} }: Reply): void {
  response.status(status).set(headers).json(body);
}

/**
 * The Heroku Platform API v3, as far as Shipway has its things, and what Heroku has no word for (docs/api.md). Answers every
 * request that reaches it, unknown paths with 404. Mount it at the root, behind git, the registry and the dashboard.
 */
export function createApi(options: ApiOptions): express.Router {
  const { stores, clock, log } = options;
  const deps: ApiDeps = {
    ...options,
    cookie: createSessionCookie(options),
    signInLimit: createSignInLimit({ clock }),
    signer: createUrlSigner(options),
  };
  const authenticate = createApiAuthenticator({ stores, cookie: deps.cookie, budget: createRequestBudget({ clock }) });
  const router = express.Router({ caseSensitive: true });
  router.use((request, response, next) => {
    nameRequest(request, response);
    if (acceptsOurs(request.get('Accept'))) return next();
    throw new ShipwayError('bad_request', 'Accept must be application/vnd.heroku+json; version=3.');
  });
  router.use(...readBodies());
  for (const route of listRoutes(deps, authenticate)) {
    router[route.method](route.path, async (request, response) => {
      const answer = await authorize(route, { request, response }, { apps: stores.apps, authenticate });
      if (answer) send(response, answer);
    });
  }
  router.use(() => {
    throw new ShipwayError(
      'not_found',
      'The requested API endpoint was not found. See docs/api.md for those that exist.',
    );
  });
  router.use((thrown: unknown, _request: Request, response: Response, _next: express.NextFunction) => {
    sendError(response, thrown, log);
  });
  return router;
}
