import type { BuildRequest, BuildResult, Phase } from '../../server/domain/build.ts';
import type { Buildpack, SourceTree } from '../../server/domain/build-plan.ts';
import { ShipwayError } from '../../server/domain/error.ts';
import type { ProcessType } from '../../server/domain/process-type.ts';
import type { ReleaseImage } from '../../server/domain/release.ts';
import type { BaseLayer } from '../image/base-layer.ts';
import type { Blob } from '../image/blob-store.ts';
import { parseProcfile } from '../procfile/parse-procfile.ts';
import { writeAppImage } from './app-image.ts';
import { obtainAppLayer } from './app-layer.ts';
import type { AppBuilderOptions, BuildContext } from './build-context.ts';
import { type BuildOutput, createBuildOutput } from './build-output.ts';
import { launcherLayer } from './launcher.ts';
import { keyLayers } from './layer-key.ts';
import { createLayerMaker } from './layer-maker.ts';
import { prepareTree } from './source-tree.ts';

export interface BuildListener {
  /** One line of output, without its line end. */
  readonly line: (text: string) => void;
  readonly signal: AbortSignal;
}

type Measure = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/**
 * Turns a commit into an image in the store. A build that fails because of the app is a result; what is thrown is the platform's
 * failure, or the signal's reason when the build was cancelled. May be called again for a build whose worker died.
 */
export function createAppBuilder(
  options: AppBuilderOptions,
): (request: BuildRequest, on: BuildListener) => Promise<BuildResult> {
  return async (request, on) => {
    const phases: Phase[] = [];
    const output = createBuildOutput(on.line);
    try {
      const measure = createMeasure(phases, options.clock);
      const image = await buildImage({ options, request, output, signal: on.signal, measure });
      return { status: 'succeeded', image, phases };
    } catch (error) {
      on.signal.throwIfAborted();
      if (error instanceof ShipwayError && error.code === 'invalid_params') {
        return { status: 'failed', reason: error.message, phases };
      }
      throw error;
    }
  };
}

function createMeasure(phases: Phase[], clock: () => number): Measure {
  return async (name, work) => {
    const start = clock();
    try {
      return await work();
    } finally {
      phases.push({ name, durationMs: Math.round(clock() - start) });
    }
  };
}

interface Build {
  readonly options: AppBuilderOptions;
  readonly request: BuildRequest;
  readonly output: BuildOutput;
  readonly signal: AbortSignal;
  readonly measure: Measure;
}

async function buildImage(build: Build): Promise<ReleaseImage> {
  const { options, request, output, measure } = build;
  // What a killed worker left of this build would fight over the same caches.
  await options.engine.stopJobs({ name: 'build', value: request.buildId });
  const { context, processTypes } = await measure('detect', () => planBuild(build));
  const layers = await obtainLayers(context, measure);
  const image = await measure('image', () => writeAppImage(context, layers, processTypes));
  output.heading('Discovering process types');
  const source = context.tree.files.has('Procfile') ? 'Procfile declares types' : 'Default types for buildpack';
  output.detail(`${source} -> ${processTypes.map(({ type }) => type).join(', ')}`);
  output.heading(`Image ready: ${(image.sizeBytes / 1e6).toFixed(1)} MB`);
  return image;
}

async function planBuild({ options, request, output, signal }: Build): Promise<{
  readonly context: BuildContext;
  readonly processTypes: readonly ProcessType[];
}> {
  const [source, base, versions] = await Promise.all([
    options.readTree(request.repositoryPath, request.commit),
    options.base(),
    options.versions(),
  ]);
  const { tree, keeps, notices } = await prepareTree(source);
  const buildpack = await chooseBuildpack(options.buildpacks, tree);
  output.heading(`${buildpack.displayName} app detected`);
  for (const notice of notices) output.detail(notice);
  const plan = await buildpack.plan(tree, { versions, configVars: request.configVars });
  for (const note of plan.notes) output.detail(note);
  const processTypes = await readProcessTypes(tree, plan.processTypes);
  const buildBase = plan.buildTools ? await bringBuildBase(options, output) : base;
  return {
    context: { options, request, buildpack, plan, tree, keeps, base, buildBase, output, signal },
    processTypes,
  };
}

/** Made at the first build of the platform that needs it, which may take a minute: the pusher is told what for. */
async function bringBuildBase(options: AppBuilderOptions, output: BuildOutput): Promise<BaseLayer> {
  const timer = setTimeout(() => output.detail('Bringing compilers and git for builds, once for this platform'), 1_000);
  try {
    return await options.buildBase();
  } finally {
    clearTimeout(timer);
  }
}

async function chooseBuildpack(buildpacks: readonly Buildpack[], tree: SourceTree): Promise<Buildpack> {
  if (tree.files.size === 0)
    throw new ShipwayError('invalid_params', 'Cannot build: the commit has no files. Add some.');
  for (const buildpack of buildpacks) {
    if (await buildpack.detect(tree)) return buildpack;
  }
  throw new ShipwayError(
    'invalid_params',
    'Cannot tell what kind of app this is: none of the buildpacks knows its files. Add package.json for Node.js, or index.html for a static site, to the root of the repository.',
  );
}

async function readProcessTypes(tree: SourceTree, defaults: readonly ProcessType[]): Promise<readonly ProcessType[]> {
  if (!tree.files.has('Procfile')) return defaults;
  const text = await tree.readText('Procfile');
  if (text === undefined) throw new ShipwayError('invalid_params', 'Cannot read the Procfile: it is no regular file.');
  const declared = parseProcfile(text);
  if (declared.length > 0) return declared;
  throw new ShipwayError(
    'invalid_params',
    'Cannot read the Procfile: it names no process type. Add a line such as "web: node server.js", or remove the file.',
  );
}

/** Layers of the image above the base, lowest first; the app's files come last, since they change most. */
async function obtainLayers(context: BuildContext, measure: Measure): Promise<Blob[]> {
  const { request, plan, tree, buildBase } = context;
  const withLauncher = { ...plan, layers: [launcherLayer, ...plan.layers] };
  const keyed = keyLayers(withLauncher, {
    appId: request.appId,
    baseDigest: buildBase.digest,
    tree,
    configVars: request.configVars,
  });
  const obtain = createLayerMaker(context, keyed);
  const appLayer = plan.app.kind === 'layer' ? plan.app.layer : undefined;
  const blobs: Blob[] = [];
  for (const { name, launch } of withLauncher.layers) {
    if (launch && name !== appLayer) blobs.push(await measure(name, () => obtain(name)));
  }
  const app = await measure('app', () => (appLayer === undefined ? obtainAppLayer(context) : obtain(appLayer)));
  return [...blobs, app];
}
