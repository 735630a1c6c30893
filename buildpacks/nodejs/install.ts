import type { LayerPlan, SourceTree } from '../../server/domain/build-plan.ts';
import type { PackageJson } from './package-json.ts';
import { nodeHome } from './toolchain.ts';

/** Scripts that `npm install` runs in the root package (docs.npmjs.com/cli/using-npm/scripts, "Life Cycle Operation Order"). */
const installScripts = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];
/** What npm itself reads to decide what to install. */
const installInputs = ['package.json', 'package-lock.json', 'npm-shrinkwrap.json', '.npmrc'];

const npmEnv = {
  NODE_ENV: 'production',
  npm_config_audit: 'false',
  npm_config_cache: '/cache/npm',
  npm_config_fund: 'false',
  npm_config_progress: 'false',
  npm_config_update_notifier: 'false',
  // Native addons are compiled against the headers at hand; without this node-gyp fetches them from the network.
  npm_package_config_node_gyp_nodedir: nodeHome,
};

const modules = '/app/node_modules';

export interface InstallPlan {
  readonly layers: readonly LayerPlan[];
  /** Name of the layer that leaves the app in /app; undefined where the pushed files are the app. */
  readonly appLayer: string | undefined;
  readonly notes: readonly string[];
}

/**
 * Three shapes, from cheap to dear:
 * nothing to compile: production dependencies, and the pushed files as they are;
 * a build script: all dependencies from the lock file alone, then build and prune with the whole tree;
 * install-time scripts that may read any file: everything in one layer of the whole tree.
 */
export function planInstall(tree: SourceTree, packageJson: PackageJson, prune: boolean): InstallPlan {
  const { scripts } = packageJson;
  const notes = installNotes(tree, packageJson);
  if (readsWholeTree(tree, packageJson)) {
    const before = scripts['heroku-prebuild'] === undefined ? [] : ['npm run heroku-prebuild'];
    const commands = [...before, install(tree, ['--include=dev']), ...buildCommands(scripts, prune)];
    const build = buildLayer('Installing dependencies and building', [], commands);
    return { layers: [build], appLayer: 'build', notes };
  }
  if (buildScript(scripts) !== undefined) {
    const installs = hasDependencies(packageJson) || Object.keys(packageJson.devDependencies).length > 0;
    const dependencies = installs ? [dependencyLayer(tree, ['--include=dev'], false)] : [];
    const uses = dependencies.map((layer) => layer.name);
    const build = buildLayer('Building', uses, buildCommands(scripts, prune && installs));
    return { layers: [...dependencies, build], appLayer: 'build', notes };
  }
  if (!hasDependencies(packageJson)) return { layers: [], appLayer: undefined, notes };
  const flags = prune ? ['--omit=dev'] : ['--include=dev'];
  return { layers: [dependencyLayer(tree, flags, true)], appLayer: undefined, notes };
}

function dependencyLayer(tree: SourceTree, flags: readonly string[], launch: boolean): LayerPlan {
  return {
    name: 'dependencies',
    title: 'Installing dependencies',
    launch,
    uses: ['node', 'npm'],
    from: {
      kind: 'commands',
      inputs: installInputs,
      // The folder is the layer's output even where npm finds nothing to put there.
      commands: [install(tree, flags), `mkdir -p ${modules}`],
      env: npmEnv,
      outputs: [modules],
      caches: [{ name: 'npm', path: '/cache/npm' }],
    },
  };
}

function buildLayer(title: string, uses: readonly string[], commands: readonly string[]): LayerPlan {
  return {
    name: 'build',
    title,
    launch: true,
    uses: ['node', 'npm', ...uses],
    from: {
      kind: 'commands',
      inputs: 'tree',
      commands,
      env: npmEnv,
      outputs: ['/app'],
      caches: [{ name: 'npm', path: '/cache/npm' }],
    },
  };
}

function install(tree: SourceTree, flags: readonly string[]): string {
  const command = hasLockFile(tree) ? 'npm ci --prefer-offline' : 'npm install --no-package-lock';
  return [command, ...flags].join(' ');
}

/** heroku-postbuild takes the place of build, as on Heroku (devcenter: "Heroku-specific build steps"). */
function buildScript(scripts: PackageJson['scripts']): string | undefined {
  return ['heroku-postbuild', 'build'].find((name) => scripts[name] !== undefined);
}

function buildCommands(scripts: PackageJson['scripts'], prune: boolean): string[] {
  const build = buildScript(scripts);
  return [
    ...(build === undefined ? [] : [`npm run ${build}`]),
    ...(prune ? ['npm prune --omit=dev --ignore-scripts'] : []),
    ...(scripts['heroku-cleanup'] === undefined ? [] : ['npm run heroku-cleanup']),
  ];
}

function readsWholeTree(tree: SourceTree, packageJson: PackageJson): boolean {
  const { scripts, workspaces } = packageJson;
  const local = [packageJson.dependencies, packageJson.devDependencies, packageJson.optionalDependencies]
    .flatMap((list) => Object.values(list))
    .some((range) => /^(file:|link:|\.{0,2}\/|~\/)/.test(range));
  return (
    local ||
    workspaces !== undefined ||
    // npm compiles a package that has a binding.gyp and no install script.
    tree.files.has('binding.gyp') ||
    ['heroku-prebuild', ...installScripts].some((name) => scripts[name] !== undefined)
  );
}

/** Of the kind that an app has at run time. */
function hasDependencies({ dependencies, optionalDependencies }: PackageJson): boolean {
  return Object.keys(dependencies).length + Object.keys(optionalDependencies).length > 0;
}

function hasLockFile(tree: SourceTree): boolean {
  return tree.files.has('package-lock.json') || tree.files.has('npm-shrinkwrap.json');
}

function installNotes(tree: SourceTree, packageJson: PackageJson): string[] {
  const notes: string[] = [];
  if (!hasLockFile(tree) && hasDependencies(packageJson)) {
    notes.push('No package-lock.json: versions may differ from one build to the next. Run npm install and commit it');
    const other = ['yarn.lock', 'pnpm-lock.yaml', 'bun.lock'].find((file) => tree.files.has(file));
    if (other !== undefined) notes.push(`${other} is not read: dependencies are installed by npm`);
  }
  if (tree.files.keys().some((file) => file.startsWith('node_modules/'))) {
    notes.push('node_modules is in the repository and is not used: add it to .gitignore');
  }
  return notes;
}
