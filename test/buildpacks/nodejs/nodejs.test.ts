import { describe, expect, it } from 'vitest';
import { explainFailure } from '../../../buildpacks/nodejs/explain-failure.ts';
import { createNodejsBuildpack } from '../../../buildpacks/nodejs/nodejs.ts';
import type { PlanContext } from '../../../server/domain/build-plan.ts';
import { sampleTree, treeOf } from '../sample-tree.ts';

const buildpack = createNodejsBuildpack({ arch: 'x64' });
const context: PlanContext = {
  versions: {
    node: ['16.20.2', '18.20.8', '20.19.5', '22.11.0', '22.21.0', '24.10.0', '24.11.0', '25.1.0', '26.1.0'],
    npm: ['8.19.4', '9.9.4', '10.9.4', '11.6.2', '12.0.1'],
  },
  configVars: {},
};

const planOf = (files: Readonly<Record<string, string>>, configVars = {}) =>
  buildpack.plan(treeOf(files), { ...context, configVars });
const packageJson = (fields: object) => ({ 'package.json': JSON.stringify(fields), 'server.js': '' });

describe('buildpacks/nodejs', () => {
  it.each(['nodejs-express', 'nodejs-build', 'nodejs-procfile', 'nodejs-no-deps'])('plans %s', async (app) => {
    expect(await buildpack.detect(sampleTree(app))).toBe(true);
    await expect(JSON.stringify(await buildpack.plan(sampleTree(app), context), null, 2)).toMatchFileSnapshot(
      `plans/${app}.json.snap`,
    );
  });

  it('detects by package.json alone', async () => {
    expect(await buildpack.detect(sampleTree('static-site'))).toBe(false);
  });

  it('says what to add when nothing starts the app', async () => {
    await expect(buildpack.plan(sampleTree('nodejs-no-start'), context)).rejects.toThrow(
      'Cannot tell how the app starts: there is no Procfile, no "start" script in package.json, no server.js and no "main" file. Add a Procfile',
    );
  });

  it.each([
    [{ node: '>=22' }, {}, 'Using Node.js 26.1.0 (engines.node ">=22")', 'Using npm 11.6.2'],
    [{ node: '16.x' }, {}, 'Using Node.js 16.20.2', 'Using npm 8.19.4 (goes with Node.js 16.20.2)'],
    [{ node: '18' }, {}, 'Using Node.js 18.20.8', 'Using npm 10.9.4'],
    [{ node: '22', npm: '>=11 <12' }, {}, 'Using Node.js 22.21.0', 'Using npm 11.6.2 (engines.npm ">=11 <12")'],
    [{}, {}, 'Using Node.js 24.11.0 (the default)', 'Using npm 11.6.2'],
    [{}, { '.nvmrc': '# ours\nlts/jod\n' }, 'Using Node.js 22.21.0 (.nvmrc "lts/jod")', 'Using npm 10.9.4'],
    [{}, { '.node-version': 'v20.19.5\n' }, 'Using Node.js 20.19.5 (.node-version "v20.19.5")', 'Using npm 10.9.4'],
    [{ node: '22.11.0' }, { '.nvmrc': '20' }, 'Using Node.js 22.11.0 (engines.node "22.11.0")', 'Using npm 10.9.4'],
  ])('chooses versions for engines %j and files %j', async (engines, files, node, npm) => {
    const { notes } = await planOf({ ...packageJson({ engines }), ...files });
    expect(notes[0]).toContain(node);
    expect(notes[1]).toContain(npm);
  });

  it.each([
    [{ node: '99' }, 'engines.node "99" matches no version; the newest known version is 26.1.0'],
    [{ node: 'newest please' }, 'engines.node "newest please" is not a version range'],
  ])('refuses engines %j', async (engines, message) => {
    await expect(planOf(packageJson({ engines }))).rejects.toThrow(message);
  });

  it.each([
    ['{"scripts":', 'Cannot read package.json: it is not valid JSON'],
    ['[]', 'Cannot read package.json: the file: '],
    ['{"scripts":{"start":1}}', 'Cannot read package.json: scripts.start: '],
  ])('refuses the package.json %j', async (text, message) => {
    await expect(planOf({ 'package.json': text })).rejects.toThrow(message);
  });

  it.each([
    [{ scripts: { start: 'node --enable-source-maps dist/index.js' } }, 'node --enable-source-maps dist/index.js'],
    [{ scripts: { start: 'node server.js', prestart: 'echo hi' } }, 'npm start'],
    [{ scripts: { start: 'next start -p $PORT' } }, 'npm start'],
    [{ scripts: { start: 'node a.js && node b.js' } }, 'npm start'],
    [{ main: 'other.js' }, 'node server.js'],
  ])('starts %j with %s', async (fields, command) => {
    const { processTypes } = await planOf(packageJson(fields));
    expect(processTypes).toEqual([{ type: 'web', command }]);
  });

  it('makes everything in one layer of the whole tree when install-time scripts may read it', async () => {
    const plan = await planOf(packageJson({ scripts: { postinstall: 'node fetch.js', 'heroku-prebuild': 'true' } }));
    expect(plan.app).toEqual({ kind: 'layer', layer: 'build' });
    expect(plan.layers.at(-1)?.from).toMatchObject({
      inputs: 'tree',
      commands: [
        'npm run heroku-prebuild',
        'npm install --no-package-lock --include=dev',
        'npm prune --omit=dev --ignore-scripts',
      ],
    });
  });

  it.each([{ workspaces: ['packages/*'] }, { dependencies: { a: 'file:./a' } }, { dependencies: { a: '../a' } }])(
    'shows the whole tree to npm for %j',
    async (fields) => {
      expect((await planOf(packageJson(fields))).layers.at(-1)?.from).toMatchObject({ inputs: 'tree' });
    },
  );

  it('runs heroku-postbuild in place of build, and heroku-cleanup last', async () => {
    const scripts = { build: 'a', 'heroku-postbuild': 'b', 'heroku-cleanup': 'c' };
    const devDependencies = { a: '1' };
    expect((await planOf(packageJson({ scripts, devDependencies }))).layers.at(-1)?.from).toMatchObject({
      commands: ['npm run heroku-postbuild', 'npm prune --omit=dev --ignore-scripts', 'npm run heroku-cleanup'],
    });
  });

  it('builds without installing where there is nothing to install', async () => {
    const plan = await planOf(packageJson({ scripts: { build: 'a' } }));
    expect(plan.layers.map((layer) => layer.name)).toEqual(['node', 'npm', 'build']);
    expect(plan.layers.at(-1)?.from).toMatchObject({ commands: ['npm run build'] });
  });

  it.each([{ NODE_ENV: 'staging' }, { NPM_CONFIG_PRODUCTION: 'false' }])(
    'keeps development dependencies with %j',
    async (configVars) => {
      const plan = await planOf(packageJson({ dependencies: { a: '1' } }), configVars);
      expect(plan.layers.at(-1)?.from).toMatchObject({
        commands: ['npm install --no-package-lock --include=dev', 'mkdir -p /app/node_modules'],
      });
    },
  );

  it('gives the same plan for the same tree', async () => {
    expect(await buildpack.plan(sampleTree('nodejs-build'), context)).toEqual(
      await buildpack.plan(sampleTree('nodejs-build'), context),
    );
  });

  it('knows what to do about an out-of-step lock file', () => {
    const output = ['npm error code EUSAGE', 'npm error Missing: bytes@3.1.2 from lock file'];
    expect(explainFailure(output)).toBe(
      'package-lock.json does not match package.json. Run npm install and commit package-lock.json.',
    );
    expect(explainFailure(['all is well'])).toBeUndefined();
  });
});
