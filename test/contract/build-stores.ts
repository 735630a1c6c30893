import { describe, expect, it } from 'vitest';
import type { App } from '../../server/domain/app.ts';
import type { Build } from '../../server/domain/build.ts';
import { zeroOid } from '../../server/domain/git.ts';
import type { Stores } from '../../server/domain/stores.ts';
import { sampleImage } from './sample-image.ts';

/** Set up by describeStores before a test runs. */
interface Setting {
  readonly stores: Stores;
  readonly clock: { now: Date };
  newApp(): Promise<App>;
  newBuild(app: App): Promise<Build>;
}

export function describeBuilds(setting: () => Setting): void {
  describe('builds: turns', () => {
    it('starts the first, queues the second, and replaces the second by the third', async () => {
      const { stores, newApp, newBuild } = setting();
      const app = await newApp();
      const [one, two, three] = [await newBuild(app), await newBuild(app), await newBuild(app)];
      expect(await stores.builds.enqueue(one.id)).toEqual({ state: 'started' });
      expect(await stores.builds.enqueue(two.id)).toMatchObject({
        state: 'queued',
        behind: { id: one.id, status: 'pending' },
        replaced: undefined,
      });
      expect(await stores.builds.enqueue(three.id)).toMatchObject({
        behind: { id: one.id },
        replaced: { id: two.id, status: 'replaced' },
      });
      expect(await stores.builds.find(three.id)).toMatchObject({ status: 'queued', finished: false });
      // The replaced one is concluded without giving the turn away.
      expect(await stores.builds.finish(two.id)).toBeUndefined();
      expect(await stores.builds.finish(one.id)).toMatchObject({ id: three.id, status: 'pending' });
      expect(await stores.builds.finish(one.id)).toBeUndefined();
      expect(await stores.builds.finish(three.id)).toBeUndefined();
      expect((await stores.builds.unfinished()).filter((build) => build.appId === app.id)).toEqual([]);
    });

    it('keeps the turn until the build is finished, not just built', async () => {
      const { stores, newApp, newBuild } = setting();
      const app = await newApp();
      const [one, two] = [await newBuild(app), await newBuild(app)];
      await stores.builds.enqueue(one.id);
      await stores.builds.update(one.id, { status: 'succeeded', image: sampleImage });
      expect(await stores.builds.enqueue(two.id)).toMatchObject({ state: 'queued', behind: { id: one.id } });
      expect(await stores.builds.finish(one.id)).toMatchObject({ id: two.id });
    });

    it('decides the same when it is asked again', async () => {
      const { stores, newApp, newBuild } = setting();
      const app = await newApp();
      const [one, two] = [await newBuild(app), await newBuild(app)];
      await stores.builds.enqueue(one.id);
      await stores.builds.enqueue(two.id);
      expect(await stores.builds.enqueue(one.id)).toEqual({ state: 'started' });
      expect(await stores.builds.enqueue(two.id)).toMatchObject({ state: 'queued', replaced: undefined });
    });

    it('skips a queued build that was canceled', async () => {
      const { stores, newApp, newBuild } = setting();
      const app = await newApp();
      const [one, two] = [await newBuild(app), await newBuild(app)];
      await stores.builds.enqueue(one.id);
      await stores.builds.enqueue(two.id);
      expect(await stores.builds.update(two.id, { status: 'canceled' })).toMatchObject({ status: 'canceled' });
      expect(await stores.builds.finish(one.id)).toBeUndefined();
      await expect(stores.builds.enqueue(two.id)).rejects.toMatchObject({ code: 'conflict' });
    });

    it('leaves one started and one queued of 20 at once, and all others replaced', async () => {
      const { stores, newApp, newBuild } = setting();
      const app = await newApp();
      const builds = await Promise.all(Array.from({ length: 20 }, () => newBuild(app)));
      const places = await Promise.all(builds.map((build) => stores.builds.enqueue(build.id)));
      const statuses = (await stores.builds.ofApp(app.id, { limit: 100 })).map((build) => build.status);
      expect(places.filter((place) => place.state === 'started')).toHaveLength(1);
      expect(statuses.filter((status) => status === 'pending')).toHaveLength(1);
      expect(statuses.filter((status) => status === 'queued')).toHaveLength(1);
      expect(statuses.filter((status) => status === 'replaced')).toHaveLength(18);
      const replaced = places.flatMap((place) =>
        place.state === 'queued' && place.replaced ? [place.replaced.id] : [],
      );
      expect(new Set(replaced).size).toBe(18);
    });

    it('runs them one at a time while pushes and ends come at once', async () => {
      const { stores, newApp, newBuild } = setting();
      const app = await newApp();
      const started: string[] = [];
      const run = async (id: string): Promise<void> => {
        started.push(id);
        const next = await stores.builds.finish(id);
        if (next) await run(next.id);
      };
      const push = async () => {
        const build = await newBuild(app);
        const place = await stores.builds.enqueue(build.id);
        if (place.state === 'started') await run(build.id);
      };
      await Promise.all(Array.from({ length: 20 }, push));
      expect(new Set(started).size).toBe(started.length);
      const left = await stores.builds.ofApp(app.id, { limit: 100 });
      expect(left.filter((build) => build.status === 'queued')).toEqual([]);
      expect(left.filter((build) => build.status === 'pending' && !build.finished)).toEqual([]);
    });
  });

  describe('builds: rows', () => {
    it('keeps what it is made of', async () => {
      const { stores, newApp, newBuild } = setting();
      const app = await newApp();
      const build = await newBuild(app);
      expect(build).toMatchObject({
        appId: app.id,
        userEmail: app.ownerEmail,
        status: 'queued',
        commit: 'c'.repeat(40),
        tree: 'd'.repeat(40),
        ref: 'refs/heads/main',
        oldCommit: zeroOid,
        finished: false,
        releaseVersion: undefined,
        image: undefined,
        failure: undefined,
        phases: [{ name: 'receive', durationMs: 12 }],
      });
      expect(await stores.builds.find(build.id)).toEqual(build);
      expect(await stores.builds.find('nonsense')).toBeUndefined();
    });

    it('refuses a build of an app that is gone', async () => {
      const { stores, newApp, newBuild } = setting();
      const app = await newApp();
      await stores.apps.remove(app.id);
      await expect(newBuild(app)).rejects.toMatchObject({ code: 'not_found', resource: 'app' });
    });

    it('moves the status forward alone', async () => {
      const { stores, newApp, newBuild } = setting();
      const build = await newBuild(await newApp());
      await stores.builds.enqueue(build.id);
      const image = { ...sampleImage, processTypes: [{ type: 'web', command: 'a\0b' }] };
      expect(await stores.builds.update(build.id, { status: 'succeeded', image })).toMatchObject({
        status: 'succeeded',
        image: { processTypes: [{ type: 'web', command: 'a\u{FFFD}b' }] },
      });
      expect(await stores.builds.update(build.id, { status: 'canceled' })).toBeUndefined();
      expect(await stores.builds.update(build.id, { status: 'pending' })).toBeUndefined();
      expect(await stores.builds.update(build.id, { releaseVersion: 7 })).toMatchObject({ releaseVersion: 7 });
      await stores.builds.finish(build.id);
      expect(await stores.builds.update(build.id, { failure: 'late' })).toBeUndefined();
    });

    it('lists the newest first, and the unfinished oldest first', async () => {
      const { stores, clock, newApp, newBuild } = setting();
      const app = await newApp();
      const before = clock.now;
      const one = await newBuild(app);
      clock.now = new Date(before.getTime() + 1000);
      const two = await newBuild(app);
      clock.now = before;
      const ids = (await stores.builds.ofApp(app.id, { limit: 1 })).map((build) => build.id);
      expect(ids).toEqual([two.id]);
      const unfinished = (await stores.builds.unfinished()).filter((build) => build.appId === app.id);
      expect(unfinished.map((build) => build.id)).toEqual([one.id, two.id]);
    });

    it('numbers lines in order, whoever writes', async () => {
      const { stores, newApp, newBuild } = setting();
      const build = await newBuild(await newApp());
      await stores.builds.appendLines(build.id, ['one', 'two', '']);
      const writers = Array.from({ length: 10 }, (_, index) =>
        stores.builds.appendLines(build.id, [`${index} a`, `${index} b\0`]),
      );
      await Promise.all(writers);
      const lines = await stores.builds.linesAfter(build.id, 0);
      expect(lines.map((line) => line.seq)).toEqual(Array.from({ length: 23 }, (_, index) => index + 1));
      expect(lines.slice(0, 3).map((line) => line.text)).toEqual(['one', 'two', '']);
      expect(await stores.builds.linesAfter(build.id, 22)).toHaveLength(1);
      await stores.builds.appendLines(build.id, []);
      expect(await stores.builds.linesAfter(build.id, 23)).toEqual([]);
    });

    it('wakes whoever follows a build at the start and at each change', async () => {
      const { stores, newApp, newBuild } = setting();
      const build = await newBuild(await newApp());
      const stop = new AbortController();
      const seen: string[] = [];
      const reading = (async () => {
        for await (const _ of stores.builds.changes(build.id, stop.signal)) {
          for (const line of await stores.builds.linesAfter(build.id, seen.length)) seen.push(line.text);
          if (seen.length === 200) return;
        }
      })();
      for (let line = 1; line <= 200; line += 1) await stores.builds.appendLines(build.id, [`${line}`]);
      await reading;
      expect(seen).toHaveLength(200);
      stop.abort();
    });

    it('ends a follower when its signal aborts', async () => {
      const { stores, newApp, newBuild } = setting();
      const build = await newBuild(await newApp());
      const stop = new AbortController();
      let wakes = 0;
      for await (const _ of stores.builds.changes(build.id, stop.signal)) {
        wakes += 1;
        setTimeout(() => stop.abort(), 10);
      }
      expect(wakes).toBeGreaterThan(0);
    });
  });
}
