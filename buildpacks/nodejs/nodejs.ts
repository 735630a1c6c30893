import type { BuildPlan, Buildpack, LayerPlan, PlanContext, SourceTree } from '../../server/domain/build-plan.ts';
import { chooseNode, chooseNpm, readVersionFile, type VersionWish } from './choose-version.ts';
import { explainFailure } from './explain-failure.ts';
import { type InstallPlan, planInstall } from './install.ts';
import { type PackageJson, readPackageJson } from './package-json.ts';
import { chooseStart } from './process-types.ts';
import { nodeLayer, npmLayer } from './toolchain.ts';

/** Apps with a package.json, installed by npm. `arch` is Node's name of the machine that the image is for. */
export function createNodejsBuildpack({ arch }: { readonly arch: 'x64' | 'arm64' }): Buildpack {
  return {
    id: 'nodejs',
    version: '1',
    displayName: 'Node.js',
    detect: async (tree) => tree.files.has('package.json'),
    plan: (tree, context) => planNodejs(tree, context, arch),
    explainFailure,
  };
}

async function planNodejs(tree: SourceTree, context: PlanContext, arch: 'x64' | 'arm64'): Promise<BuildPlan> {
  const packageJson = await readPackageJson(tree);
  const node = chooseNode(context.versions.node ?? [], await nodeWish(tree, packageJson));
  const npm = chooseNpm(context.versions.npm ?? [], node.version, npmWish(packageJson));
  const start = chooseStart(tree, packageJson);
  const install = planInstall(tree, packageJson, prunes(context.configVars));
  const toolchain: readonly LayerPlan[] = [nodeLayer(node.version, arch), npmLayer(npm.version)];
  return {
    buildpack: 'nodejs',
    version: '1',
    displayName: 'Node.js',
    notes: [
      `Using Node.js ${node.version} (${node.because})`,
      `Using npm ${npm.version} (${npm.because})`,
      ...install.notes,
      ...start.notes,
    ],
    layers: [...toolchain, ...install.layers],
    buildTools: await needsTools(tree, install),
    app: install.appLayer === undefined ? { kind: 'source' } : { kind: 'layer', layer: install.appLayer },
    processTypes: start.processTypes,
    env: {
      NODE_ENV: 'production',
      PATH: '/usr/local/bin:/usr/bin:/bin:/app/bin:/app/node_modules/.bin',
      // Not in /app, which is the app's.
      npm_config_cache: '/tmp/.npm',
      npm_config_update_notifier: 'false',
    },
  };
}

/**
 * Whether something besides npm itself runs while the app is built: its own scripts, install scripts of its packages (native addons), or git.
 * Without a lock file that is not known beforehand.
 */
async function needsTools(tree: SourceTree, install: InstallPlan): Promise<boolean> {
  if (install.appLayer !== undefined) return true;
  if (install.layers.length === 0) return false;
  const lock = (await tree.readText('npm-shrinkwrap.json')) ?? (await tree.readText('package-lock.json'));
  return lock === undefined || /"hasInstallScript": *true|"(resolved|version)": *"git/.test(lock);
}

/** Heroku's switches for keeping development dependencies: NODE_ENV other than production, or NPM_CONFIG_PRODUCTION=false. */
function prunes(configVars: PlanContext['configVars']): boolean {
  return (configVars.NODE_ENV ?? 'production') === 'production' && configVars.NPM_CONFIG_PRODUCTION !== 'false';
}

async function nodeWish(tree: SourceTree, { engines }: PackageJson): Promise<VersionWish | undefined> {
  if (engines.node !== undefined && engines.node.trim() !== '') return { range: engines.node, source: 'engines.node' };
  for (const file of ['.nvmrc', '.node-version']) {
    const text = tree.files.has(file) ? await tree.readText(file) : undefined;
    const range = text === undefined ? undefined : readVersionFile(text);
    if (range !== undefined) return { range, source: file };
  }
  return undefined;
}

function npmWish({ engines }: PackageJson): VersionWish | undefined {
  return engines.npm === undefined || engines.npm.trim() === ''
    ? undefined
    : { range: engines.npm, source: 'engines.npm' };
}
