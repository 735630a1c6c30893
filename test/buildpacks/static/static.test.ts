import { describe, expect, it } from 'vitest';
import { parseStaticfile } from '../../../buildpacks/static/site.ts';
import { createStaticBuildpack } from '../../../buildpacks/static/static.ts';
import type { PlanContext } from '../../../server/domain/build-plan.ts';
import { sampleTree, treeOf } from '../sample-tree.ts';

const buildpack = createStaticBuildpack({ arch: 'x64' });
const context: PlanContext = { versions: { node: ['22.21.0', '24.11.0'] }, configVars: {} };

describe('buildpacks/static', () => {
  it.each([
    ['static-site', "node /opt/shipway/static/server.mjs '/app' $PORT"],
    ['static-staticfile', "node /opt/shipway/static/server.mjs '/app/site' $PORT --single"],
  ])('plans %s', async (app, command) => {
    expect(await buildpack.detect(sampleTree(app))).toBe(true);
    const plan = await buildpack.plan(sampleTree(app), context);
    expect(plan.processTypes).toEqual([{ type: 'web', command }]);
    // The server's own text is no decision of the plan.
    const shown = JSON.stringify(plan, (key, value) => (key === 'text' ? '(server.mjs)' : value), 2);
    await expect(shown).toMatchFileSnapshot(`plans/${app}.json.snap`);
  });

  it('serves public/ where the index is there', async () => {
    const plan = await buildpack.plan(treeOf({ 'public/index.html': '' }), context);
    expect(plan.notes).toEqual(['Serving public/ (index.html)']);
  });

  it('leaves a repository without an index alone', async () => {
    expect(await buildpack.detect(treeOf({ 'README.md': '' }))).toBe(false);
  });

  it.each(['missing', '../other', "it's"])('refuses the root %j', async (root) => {
    const tree = treeOf({ Staticfile: `root: ${root}`, "it's/index.html": '', 'a/index.html': '' });
    await expect(buildpack.plan(tree, context)).rejects.toThrow(`Cannot serve "${root}", the root in Staticfile`);
  });

  it('reads a Staticfile', () => {
    expect(parseStaticfile('# ours\nroot: "a b" # here\n\nnonsense\npushstate: enabled\n')).toEqual(
      new Map([
        ['root', 'a b'],
        ['pushstate', 'enabled'],
      ]),
    );
  });
});
