import type { LayerPlan } from '../../server/domain/build-plan.ts';

/** Node.js as its own release lays it out (bin/, include/, share/), whatever the version and architecture. */
export const nodeHome = '/opt/shipway/node/home';

/** The package holds the release's files as they are, for one architecture. */
export function nodeLayer(version: string, arch: 'x64' | 'arm64'): LayerPlan {
  const path = '/opt/shipway/node/node_modules';
  return {
    name: 'node',
    title: `Installing Node.js ${version}`,
    launch: true,
    uses: [],
    from: {
      kind: 'toolchain',
      ecosystem: 'npm',
      packages: { [`node-linux-${arch}`]: version },
      path,
      links: { [nodeHome]: `${path}/node-linux-${arch}`, '/usr/local/bin/node': `${nodeHome}/bin/node` },
    },
  };
}

/** npm in a layer of its own, so that neither version moves the other's layer. */
export function npmLayer(version: string): LayerPlan {
  const path = '/opt/shipway/npm/node_modules';
  return {
    name: 'npm',
    title: `Installing npm ${version}`,
    launch: true,
    uses: [],
    from: {
      kind: 'toolchain',
      ecosystem: 'npm',
      packages: { npm: version },
      path,
      links: {
        '/usr/local/bin/npm': `${path}/npm/bin/npm-cli.js`,
        '/usr/local/bin/npx': `${path}/npm/bin/npx-cli.js`,
      },
    },
  };
}
