import { readFileSync } from 'node:fs';
import type { BuildPlan, Buildpack, LayerPlan, PlanContext, SourceTree } from '../../server/domain/build-plan.ts';
import { chooseNode } from '../nodejs/choose-version.ts';
import { nodeLayer } from '../nodejs/toolchain.ts';
import { serverPackages } from './server-packages.ts';
import { chooseSite, hasSite } from './site.ts';

const serverPath = '/opt/shipway/static/server.mjs';
const serverText = readFileSync(new URL('server.mjs', import.meta.url), 'utf8');

/** Sites of plain files, served as pushed by a small server on Node.js (docs/decisions/0004-static-server.md). */
export function createStaticBuildpack({ arch }: { readonly arch: 'x64' | 'arm64' }): Buildpack {
  return {
    id: 'static',
    version: '1',
    displayName: 'Static site',
    detect: async (tree) => hasSite(tree),
    plan: (tree, context) => planStatic(tree, context, arch),
  };
}

async function planStatic(tree: SourceTree, context: PlanContext, arch: 'x64' | 'arm64'): Promise<BuildPlan> {
  const site = await chooseSite(tree);
  const node = chooseNode(context.versions.node ?? [], undefined);
  const folder = site.root === '' ? '/app' : `/app/${site.root}`;
  return {
    buildpack: 'static',
    version: '1',
    displayName: 'Static site',
    notes: [`Serving ${site.root === '' ? 'the whole repository' : `${site.root}/`} (${site.because})`, ...site.notes],
    layers: [nodeLayer(node.version, arch), serverPackagesLayer, serverLayer],
    app: { kind: 'source' },
    buildTools: false,
    processTypes: [
      {
        type: 'web',
        command: ['node', serverPath, `'${folder}'`, '$PORT', ...(site.single ? ['--single'] : [])].join(' '),
      },
    ],
    env: { NODE_ENV: 'production' },
  };
}

const serverPackagesLayer: LayerPlan = {
  name: 'server-packages',
  title: 'Installing the web server',
  launch: true,
  uses: [],
  from: {
    kind: 'toolchain',
    ecosystem: 'npm',
    packages: serverPackages,
    path: '/opt/shipway/static/node_modules',
    links: {},
  },
};

const serverLayer: LayerPlan = {
  name: 'server',
  title: 'Adding the web server',
  launch: true,
  uses: [],
  from: { kind: 'files', files: { [serverPath]: { text: serverText, executable: false } } },
};
