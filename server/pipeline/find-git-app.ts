import { type App, mayUse } from '../domain/app.ts';
import type { Control } from '../domain/control.ts';
import { ShipwayError } from '../domain/error.ts';
import type { Apps } from '../domain/stores.ts';
import type { User } from '../domain/user.ts';

/** The app that a git URL names. A push to a name that does not exist makes the app for its pusher. */
export function createGitAppFinder({
  apps,
  control,
}: {
  readonly apps: Apps;
  readonly control: Pick<Control, 'createApp'>;
}) {
  return async (user: User, name: string, { create }: { readonly create: boolean }): Promise<{ readonly app: App }> => {
    const app = await apps.find(name);
    if (app && mayUse(user, app)) return { app };
    if (app && create) {
      throw new ShipwayError(
        'forbidden',
        `Cannot push to ${name}: it belongs to another user. Choose another name: shipway create NAME.`,
      );
    }
    if (app || !create) {
      throw new ShipwayError(
        'not_found',
        `Cannot find an app called ${name}. Create it: shipway create ${name}, or push to it.`,
        { resource: 'app' },
      );
    }
    return { app: await control.createApp({ name, user }) };
  };
}
