import type { Build, BuildStatus } from '../domain/build.ts';
import { ShipwayError } from '../domain/error.ts';
import type { Builds } from '../domain/stores.ts';
import type { ApiDeps } from './deps.ts';
import { formatTime, stack } from './json.ts';
import { type LineStream, openLineStream } from './line-stream.ts';
import { type ListShape, newestNeeded, pageOf, readRange, replyPage } from './range.ts';
import { slugId } from './releases.ts';
import { type AppCall, appRoute, openRoute, pathPart, type Route, reply } from './route.ts';

/** The newest first when nothing else is asked for. */
const shape: ListShape<Build> = {
  keys: { created_at: ({ createdAt }) => createdAt.toISOString(), id: ({ id }) => id },
  order: 'desc',
};

/** Heroku knows three; the exact one is in `state`. */
const herokuStatus: Readonly<Record<BuildStatus, 'pending' | 'succeeded' | 'failed'>> = {
  queued: 'pending',
  pending: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  replaced: 'failed',
  canceled: 'failed',
};

const streamLifetimeS = 3600;

const outputPath = (build: Build) => `/streams/builds/${build.id}`;

/** `state`, `finished`, `phases`, `failure`, `ref`, `commit` and `release_version` are Shipway's own. */
async function writeBuild({ app }: AppCall, build: Build, { stores, control, signer, baseUrl }: ApiDeps) {
  const { releaseVersion, image } = build;
  const release = releaseVersion === undefined ? undefined : await stores.releases.find(app.id, releaseVersion);
  return {
    app: { id: app.id },
    buildpacks: image ? [{ name: image.buildpack, url: null }] : null,
    commit: build.commit,
    created_at: formatTime(build.createdAt),
    failure: build.failure ?? null,
    finished: build.finished,
    id: build.id,
    output_stream_url: baseUrl + signer.sign(outputPath(build), {}, streamLifetimeS),
    phases: build.phases,
    ref: build.ref,
    release: release ? { id: release.id } : null,
    release_version: releaseVersion ?? null,
    slug: image ? { id: slugId(image.digest) } : null,
    source_blob: { checksum: null, url: control.gitUrl(app), version: build.commit, version_description: null },
    stack: stack.name,
    state: build.status,
    status: herokuStatus[build.status],
    updated_at: formatTime(build.updatedAt),
    user: { email: build.userEmail, id: build.userId },
  };
}

const buildGone = () => new ShipwayError('not_found', "Couldn't find that build.", { resource: 'build' });

export function buildRoutes(deps: ApiDeps): readonly Route[] {
  const { stores, control, signer } = deps;
  const findBuild = async (call: AppCall): Promise<Build> => {
    const build = await stores.builds.find(pathPart(call, 'build'));
    if (build?.appId !== call.app.id) throw buildGone();
    return build;
  };
  return [
    appRoute('get', '/builds', async (call) => {
      const range = readRange(call.request, shape);
      const newest = await stores.builds.ofApp(call.app.id, { limit: newestNeeded(range, 'created_at') });
      return replyPage(pageOf(newest, range, shape), (build) => writeBuild(call, build, deps));
    }),
    appRoute('post', '/builds', () => {
      const message = 'source_blob: builds from an archive are not offered yet. Deploy with git push';
      return Promise.reject(new ShipwayError('invalid_params', message));
    }),
    appRoute('get', '/builds/:build', async (call) => reply(await writeBuild(call, await findBuild(call), deps))),
    appRoute('delete', '/builds/:build', async (call) => {
      const { app, user } = call;
      const build = await findBuild(call);
      await control.cancelBuild({ app, user, build });
      return reply(await writeBuild(call, (await stores.builds.find(build.id)) ?? build, deps), 202);
    }),
    openRoute('get', '/streams/builds/:build', async (call) => {
      signer.verify(call.request.url);
      const build = await stores.builds.find(pathPart(call, 'build'));
      if (!build) throw buildGone();
      await followBuild(stores.builds, build.id, openLineStream(call));
      return undefined;
    }),
  ];
}

/** All lines after the last one that the client has, until the build is finished. */
async function followBuild(builds: Builds, buildId: string, stream: LineStream): Promise<void> {
  let seq = stream.after ?? 0;
  for await (const _ of builds.changes(buildId, stream.signal)) {
    // The build before its lines: what it wrote last is read after it was seen finished.
    const build = await builds.find(buildId);
    for (const line of await builds.linesAfter(buildId, seq)) {
      await stream.write(line.seq, line.text);
      seq = line.seq;
    }
    if (!build || build.finished) break;
  }
  stream.end();
}
