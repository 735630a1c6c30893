import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../server/domain/app.ts';
import { zeroOid } from '../../server/domain/git.ts';
import type { Stores } from '../../server/domain/stores.ts';
import type { User } from '../../server/domain/user.ts';
import { describeBuilds } from './build-stores.ts';
import { sampleImage } from './sample-image.ts';

/** What every adapter of server/domain/stores.ts promises. `open` gives a fresh, empty set of stores and the clock that they read. */
export function describeStores(
  open: () => Promise<{ readonly stores: Stores; readonly clock: { now: Date }; close(): Promise<void> }>,
): void {
  let stores: Stores;
  let clock: { now: Date };
  let close: () => Promise<void>;
  let user: User;
  let count = 0;

  beforeAll(async () => {
    ({ stores, clock, close } = await open());
    user = await stores.users.create({ email: 'First@example.com', password: 'correct horse' });
  });
  afterAll(() => close());

  const newApp = (): Promise<App> => {
    count += 1;
    return stores.apps.create({ name: `app-${count}`, ownerId: user.id });
  };
  const newBuild = (app: App) =>
    stores.builds.create({
      appId: app.id,
      userId: user.id,
      commit: 'c'.repeat(40),
      tree: 'd'.repeat(40),
      ref: 'refs/heads/main',
      oldCommit: zeroOid,
      phases: [{ name: 'receive', durationMs: 12 }],
    });
  const newRelease = (app: App, more: Partial<Parameters<Stores['releases']['create']>[0]> = {}) =>
    stores.releases.create({
      appId: app.id,
      userId: user.id,
      description: 'Deploy ccccccc',
      image: sampleImage,
      commit: 'c'.repeat(40),
      configVars: { GREETING: 'hello' },
      status: 'pending',
      ...more,
    });

  describe('users', () => {
    it('finds a user by id, by email in any case, and as the first', async () => {
      expect(await stores.users.byId(user.id)).toEqual(user);
      expect(await stores.users.byEmail('first@EXAMPLE.com')).toEqual(user);
      expect(await stores.users.first()).toEqual(user);
      expect(await stores.users.byId('nobody')).toBeUndefined();
      expect(await stores.users.byEmail('nobody@example.com')).toBeUndefined();
    });

    it('refuses an email that is taken', async () => {
      await expect(stores.users.create({ email: 'FIRST@example.com', password: 'x' })).rejects.toMatchObject({
        code: 'invalid_params',
      });
    });

    it('knows the right password alone', async () => {
      expect(await stores.users.byPassword('first@example.com', 'correct horse')).toEqual(user);
      expect(await stores.users.byPassword('first@example.com', 'wrong')).toBeUndefined();
      expect(await stores.users.byPassword('nobody@example.com', 'correct horse')).toBeUndefined();
    });

    it('knows a token by its secret until it expires or is deleted', async () => {
      const { token, secret } = await stores.users.createToken({
        userId: user.id,
        description: 'ci',
        expiresInS: 60,
      });
      expect(secret).toMatch(/^swp_[\w-]{43}$/);
      expect(await stores.users.byToken(secret)).toEqual({ user, token });
      expect(await stores.users.byToken(`${secret}x`)).toBeUndefined();
      expect(await stores.users.tokens(user.id)).toContainEqual(token);
      const before = clock.now;
      clock.now = new Date(before.getTime() + 60_000);
      expect(await stores.users.byToken(secret)).toBeUndefined();
      expect(await stores.users.tokens(user.id)).not.toContainEqual(token);
      clock.now = before;
      expect(await stores.users.deleteToken(user.id, token.id)).toEqual(token);
      expect(await stores.users.byToken(secret)).toBeUndefined();
      expect(await stores.users.deleteToken(user.id, token.id)).toBeUndefined();
    });

    it('takes a given secret again at each start, as one token', async () => {
      const given = { userId: user.id, description: 'platform', expiresInS: undefined, secret: 'swp_given' };
      const first = await stores.users.createToken(given);
      expect(await stores.users.createToken(given)).toEqual(first);
    });

    it('deletes no token of another user', async () => {
      const other = await stores.users.create({ email: 'other@example.com', password: 'x' });
      const { token, secret } = await stores.users.createToken({
        userId: user.id,
        description: 'mine',
        expiresInS: undefined,
      });
      expect(await stores.users.deleteToken(other.id, token.id)).toBeUndefined();
      expect((await stores.users.byToken(secret))?.user).toEqual(user);
    });
  });

  describe('apps', () => {
    it('finds an app by name and by id', async () => {
      const app = await newApp();
      expect(await stores.apps.find(app.name)).toEqual(app);
      expect(await stores.apps.find(app.id)).toEqual(app);
      expect(app).toMatchObject({ ownerId: user.id, ownerEmail: user.email, maintenance: false });
      expect(await stores.apps.ofOwner(user.id)).toContainEqual(app);
      expect(await stores.apps.all()).toContainEqual(app);
      expect(await stores.apps.find('no-such-app')).toBeUndefined();
      expect(await stores.apps.find(crypto.randomUUID())).toBeUndefined();
      expect(await stores.apps.find('\0')).toBeUndefined();
    });

    it('refuses a name that is taken, at create and at rename', async () => {
      const [one, two] = [await newApp(), await newApp()];
      await expect(stores.apps.create({ name: one.name, ownerId: user.id })).rejects.toMatchObject({
        code: 'invalid_params',
      });
      await expect(stores.apps.update(two.id, { name: one.name })).rejects.toMatchObject({ code: 'invalid_params' });
    });

    it('changes what is given', async () => {
      const app = await newApp();
      expect(await stores.apps.update(app.id, { maintenance: true })).toMatchObject({
        name: app.name,
        maintenance: true,
      });
      expect(await stores.apps.update(app.id, { name: `${app.name}-b` })).toMatchObject({
        name: `${app.name}-b`,
        maintenance: true,
      });
      await expect(stores.apps.update(crypto.randomUUID(), { maintenance: true })).rejects.toMatchObject({
        code: 'not_found',
        resource: 'app',
      });
    });

    it('removes all that hangs on it', async () => {
      const app = await newApp();
      const build = await newBuild(app);
      await stores.builds.appendLines(build.id, ['one']);
      await newRelease(app);
      await stores.apps.remove(app.id);
      expect(await stores.apps.find(app.id)).toBeUndefined();
      expect(await stores.builds.find(build.id)).toBeUndefined();
      expect(await stores.releases.ofApp(app.id, { limit: 10 })).toEqual([]);
      expect(await stores.formations.ofApp(app.id)).toEqual([]);
      // A worker that still builds it notices nothing.
      await stores.builds.appendLines(build.id, ['two']);
      expect(await stores.builds.finish(build.id)).toBeUndefined();
      await stores.apps.remove(app.id);
    });
  });

  describeBuilds(() => ({ stores, clock, newApp, newBuild }));

  describe('releases', () => {
    it('numbers them without a gap when many are made at once', async () => {
      const app = await newApp();
      await Promise.all(Array.from({ length: 20 }, () => newRelease(app)));
      const versions = (await stores.releases.ofApp(app.id, { limit: 100 })).map((release) => release.version);
      expect(versions).toEqual(Array.from({ length: 20 }, (_, index) => 20 - index));
    });

    it('keeps image, config vars and who made it', async () => {
      const app = await newApp();
      const configVars = { GREETING: 'héllo\n"x"', EMPTY: '' };
      const release = await newRelease(app, { configVars });
      expect(release).toMatchObject({
        version: 1,
        status: 'pending',
        image: sampleImage,
        configVars,
        userEmail: user.email,
        failure: undefined,
      });
      for (const identity of [release.id, 1, '1', 'v1']) {
        expect(await stores.releases.find(app.id, identity)).toEqual(release);
      }
      for (const identity of [2, 'v', 'x', 99_999_999_999, crypto.randomUUID()]) {
        expect(await stores.releases.find(app.id, identity)).toBeUndefined();
      }
      const other = await newApp();
      expect(await stores.releases.find(other.id, release.id)).toBeUndefined();
    });

    it('takes over the config vars of the latest release when none are given', async () => {
      const app = await newApp();
      await newRelease(app, { configVars: { A: '1' }, image: undefined, status: 'succeeded' });
      expect(await newRelease(app, { configVars: undefined })).toMatchObject({ version: 2, configVars: { A: '1' } });
    });

    it('settles a pending release once, and knows the current one', async () => {
      const app = await newApp();
      expect(await stores.releases.current(app.id)).toBeUndefined();
      await newRelease(app);
      await newRelease(app);
      await stores.releases.settle(app.id, 1, { status: 'succeeded' });
      await stores.releases.settle(app.id, 2, { status: 'failed', failure: 'nothing listened' });
      await stores.releases.settle(app.id, 2, { status: 'succeeded' });
      expect(await stores.releases.current(app.id)).toMatchObject({ version: 1, status: 'succeeded' });
      expect(await stores.releases.latest(app.id)).toMatchObject({
        version: 2,
        status: 'failed',
        failure: 'nothing listened',
      });
    });

    it('refuses a release of an app that is gone', async () => {
      const app = await newApp();
      await stores.apps.remove(app.id);
      await expect(newRelease(app)).rejects.toMatchObject({ code: 'not_found', resource: 'app' });
    });

    it('names the images of releases, and of builds that have none yet', async () => {
      const app = await newApp();
      const digest = `sha256:${'b'.repeat(64)}`;
      const build = await newBuild(app);
      await stores.builds.enqueue(build.id);
      await stores.builds.update(build.id, { status: 'succeeded', image: { ...sampleImage, digest } });
      await newRelease(app);
      expect(await stores.releases.imageDigests()).toEqual(expect.arrayContaining([digest, sampleImage.digest]));
    });
  });

  describe('formations', () => {
    it('starts web once and everything else not at all, and keeps what was scaled', async () => {
      const app = await newApp();
      await newRelease(app);
      expect(await stores.formations.ofApp(app.id)).toMatchObject([
        { type: 'web', quantity: 1, size: 'standard-1x' },
        { type: 'worker', quantity: 0, size: 'standard-1x' },
      ]);
      const changed = await stores.formations.update(app.id, [
        { type: 'web', quantity: 3 },
        { type: 'worker', quantity: 1, size: 'standard-2x' },
      ]);
      await newRelease(app);
      expect(await stores.formations.ofApp(app.id)).toEqual(changed);
      expect(changed).toMatchObject([{ quantity: 3 }, { quantity: 1, size: 'standard-2x' }]);
    });

    it('changes all or none', async () => {
      const app = await newApp();
      await newRelease(app);
      const changes = [
        { type: 'web', quantity: 5 },
        { type: 'clock', quantity: 1 },
      ];
      await expect(stores.formations.update(app.id, changes)).rejects.toMatchObject({ code: 'not_found' });
      expect(await stores.formations.ofApp(app.id)).toMatchObject([{ quantity: 1 }, { quantity: 0 }]);
    });
  });

  it('audit: takes an entry without a user and without an app', async () => {
    await stores.audit.append({ userId: undefined, appId: undefined, action: 'platform.start', detail: 'a\0b' });
  });
}
