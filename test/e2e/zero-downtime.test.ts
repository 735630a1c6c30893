import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { dynos, releases, scale } from './app-state.ts';
import { startLoad } from './load.ts';
import { createRepository, type Repository, testApp } from './repository.ts';

let platform: TestPlatform;
let app: Repository;
beforeAll(async () => {
  platform = await startPlatform();
  app = await createRepository(platform, 'steady', testApp('echo'));
  const push = await app.push();
  if (push.exitCode !== 0) throw new Error(push.stderr);
}, 300_000);
afterAll(() => platform?.down());

const settled = (wanted: readonly string[], version: number) =>
  eventually(
    () => dynos(platform, 'steady'),
    (seen) =>
      seen.length === wanted.length &&
      seen.every(({ name, state, release }) => wanted.includes(name) && state === 'up' && release.version === version),
    40_000,
  );

describe('an app under constant requests', () => {
  it('answers every one of them during five deploys, a config change and a change of scale', async () => {
    const load = startLoad(platform, 'steady');
    for (const version of ['two', 'three', 'four', 'five', 'six']) {
      await app.commit({ 'version.json': JSON.stringify(version) });
      const push = await app.push();
      expect(push.exitCode, push.stderr).toBe(0);
    }
    expect((await platform.api('PATCH', '/apps/steady/config-vars', { COLOUR: 'blue' })).status).toBe(200);
    await eventually(
      () => releases(platform, 'steady'),
      (seen) => seen.at(-1)?.status === 'succeeded' && seen.length === 7,
    );
    await scale(platform, 'steady', { web: 2 });
    await settled(['web.1', 'web.2'], 7);
    await scale(platform, 'steady', { web: 1 });
    await settled(['web.1'], 7);
    const { sent, failures, bodies } = await load.stop();

    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(500);
    expect([...bodies.keys()]).toEqual(
      expect.arrayContaining(['echo 1\n', 'echo three\n', 'echo six\n', 'slow six\n']),
    );
  }, 120_000);
});
