import { describe, expect, it } from 'vitest';
import { explainMiss, type KeyContext, keyLayers } from '../../../buildpacks/lifecycle/layer-key.ts';
import { createNodejsBuildpack } from '../../../buildpacks/nodejs/nodejs.ts';
import { treeOf } from '../sample-tree.ts';

const buildpack = createNodejsBuildpack({ arch: 'x64' });
const versions = { node: ['22.21.0', '24.11.0'], npm: ['10.9.4', '11.6.2'] };
const files = {
  'package.json': '{"dependencies":{"ms":"2"},"main":"index.js"}',
  'package-lock.json': '{}',
  'index.js': '',
};

async function keysOf(change: { files?: Record<string, string> } & Partial<KeyContext> = {}) {
  const tree = treeOf({ ...files, ...change.files });
  const configVars = change.configVars ?? {};
  const plan = await buildpack.plan(tree, { versions, configVars });
  return keyLayers(plan, { appId: 'app', baseDigest: 'base', tree, configVars, ...change });
}

const keyOf = async (layer: string, change = {}) => (await keysOf(change)).get(layer)?.key;

describe('buildpacks/lifecycle/layer-key', () => {
  it('finds the dependencies again when only code changed', async () => {
    expect(await keyOf('dependencies', { files: { 'index.js': 'changed' } })).toBe(await keyOf('dependencies'));
  });

  it.each([
    ['package-lock.json', { files: { 'package-lock.json': '{ }' } }, 'package-lock.json changed'],
    ['.npmrc', { files: { '.npmrc': 'a=b' } }, '.npmrc is new'],
    ['a config var', { configVars: { A: 'b' } }, 'config var A is new'],
    ['the base', { baseDigest: 'other' }, 'the base image changed'],
    ['the app', { appId: 'other' }, 'app changed'],
    ['Node.js', { files: { '.nvmrc': '22' } }, 'layer node changed, layer npm changed'],
  ])('makes dependencies again for another %s, and says so', async (_name, change, why) => {
    const [before, after] = [(await keysOf()).get('dependencies'), (await keysOf(change)).get('dependencies')];
    expect(after?.key).not.toBe(before?.key);
    expect(explainMiss(before?.inputs, after?.inputs ?? {})).toBe(why);
  });

  it('shares toolchains between apps and bases', async () => {
    expect(await keyOf('node', { appId: 'other', baseDigest: 'other' })).toBe(await keyOf('node'));
  });

  it('holds no value of a config var', async () => {
    const keyed = await keysOf({ configVars: { TOKEN: 'hunter2-hunter2' } });
    expect(JSON.stringify([...keyed.values()])).not.toContain('hunter2');
  });

  it('says nothing the first time, and names three changes at most', () => {
    expect(explainMiss(undefined, { a: '1' })).toBeUndefined();
    expect(explainMiss({ a: '1' }, { a: '1' })).toBe('The cached layer is no longer there');
    expect(explainMiss({ a: '1', b: '1' }, { a: '2', c: '1', d: '1' })).toBe(
      'a changed, b is gone, c is new and 1 more',
    );
  });
});
