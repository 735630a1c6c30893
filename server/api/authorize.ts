import { type App, mayUse } from '../domain/app.ts';
import { ShipwayError } from '../domain/error.ts';
import type { Apps } from '../domain/stores.ts';
import type { User } from '../domain/user.ts';
import type { Authenticate } from './authenticate.ts';
import { type Call, pathPart, type Reply, type Route } from './route.ts';

/**
 * The app of that name or id, if this user may have it: its owner alone. To everybody else it does not exist, so that names of
 * other users' apps are not told. @throws ShipwayError not_found
 */
async function findAppFor(apps: Apps, user: User, identity: string): Promise<App> {
  const app = await apps.find(identity);
  if (app && mayUse(user, app)) return app;
  throw new ShipwayError('not_found', "Couldn't find that app.", { resource: 'app' });
}

/** The one way to a handler: it runs with a user, or an app, that was allowed here. */
export async function authorize(
  route: Route,
  call: Call,
  { apps, authenticate }: { readonly apps: Apps; readonly authenticate: Authenticate },
): Promise<Reply | undefined> {
  if (route.access === 'open') return route.handle(call);
  const identity = await authenticate(call);
  if (route.access === 'user') return route.handle({ ...call, ...identity });
  const app = await findAppFor(apps, identity.user, pathPart(call, 'app'));
  return route.handle({ ...call, ...identity, app });
}
