import { z } from 'zod';
import type { App } from '../domain/app.ts';
import { ShipwayError } from '../domain/error.ts';
import type { Release } from '../domain/release.ts';
import type { Stores } from '../domain/stores.ts';
import type { ApiDeps } from './deps.ts';
import { formatTime, nameId, refApp } from './json.ts';
import { type ListShape, newestNeeded, pageOf, readRange, replyPage } from './range.ts';
import { parseBody } from './request-body.ts';
import { type AppCall, appRoute, pathPart, type Route, reply } from './route.ts';

const createSchema = z.object({
  release: z.union([z.string(), z.int()], { error: 'must be the id or version of a release' }).optional(),
  slug: z.unknown().optional(),
});

const shape: ListShape<Release> = { keys: { version: ({ version }) => version, id: ({ id }) => id } };

/** `failure` and `commit` are Shipway's own. */
function writeRelease(app: App, release: Release, current: Release | undefined) {
  const { image, status } = release;
  return {
    addon_plan_names: [],
    app: refApp(app),
    artifacts: [],
    commit: release.commit ?? null,
    created_at: formatTime(release.createdAt),
    current: release.version === current?.version,
    description: release.description,
    eligible_for_rollback: status === 'succeeded' && image !== undefined,
    failure: release.failure ?? null,
    id: release.id,
    output_stream_url: null,
    slug: image ? { id: slugId(image.digest) } : null,
    status,
    updated_at: formatTime(release.updatedAt),
    user: { email: release.userEmail, id: release.userId },
    version: release.version,
  };
}

export const slugId = (digest: string) => nameId('slug', digest);

const releaseGone = () => new ShipwayError('not_found', "Couldn't find that release.", { resource: 'release' });

/** The release of the path, by id or version. @throws ShipwayError not_found */
export async function findRelease(stores: Stores, call: AppCall): Promise<Release> {
  const release = await stores.releases.find(call.app.id, pathPart(call, 'release'));
  if (!release) throw releaseGone();
  return release;
}

export function releaseRoutes({ stores, control }: ApiDeps): readonly Route[] {
  return [
    appRoute('get', '/releases', async ({ request, app }) => {
      const range = readRange(request, shape);
      const newest = await stores.releases.ofApp(app.id, { limit: newestNeeded(range, 'version') });
      const current = await stores.releases.current(app.id);
      return replyPage(pageOf(newest, range, shape), async (release) => writeRelease(app, release, current));
    }),
    appRoute('get', '/releases/:release', async (call) => {
      const release = await findRelease(stores, call);
      return reply(writeRelease(call.app, release, await stores.releases.current(call.app.id)));
    }),
    appRoute('post', '/releases', async (call) => {
      const { app, user } = call;
      const { release: identity, slug } = parseBody(call, createSchema);
      if (slug !== undefined) {
        throw new ShipwayError(
          'invalid_params',
          'slug: releases are made by git push. To run an old one, give its release',
        );
      }
      if (identity === undefined) throw new ShipwayError('invalid_params', 'release: is missing');
      const to = await stores.releases.find(app.id, identity);
      if (!to) throw releaseGone();
      const release = await control.rollback({ app, user, to });
      return reply(writeRelease(app, release, await stores.releases.current(app.id)), 201);
    }),
  ];
}
