import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { CommandSource, LayerPlan } from '../../server/domain/build-plan.ts';
import type { JobResult } from '../../server/domain/engine.ts';
import { ShipwayError } from '../../server/domain/error.ts';
import type { Blob } from '../image/blob-store.ts';
import { normaliseTar } from '../image/layer-tar.ts';
import { writeImage } from '../image/write-image.ts';
import { sourceTar } from './app-layer.ts';
import { appUser, type BuildContext } from './build-context.ts';
import { buildEnvironment, caPath } from './build-env.ts';
import { joinTars, type TarEntry, tarEntries } from './tar-entries.ts';

interface CommandLayer {
  readonly layer: LayerPlan;
  readonly source: CommandSource;
  /** Layers that it uses, in order. */
  readonly below: readonly Blob[];
}

/** Each argument is one command; the first that fails ends the job. They are shown, since what follows is their output. */
const runner = 'for command; do printf "$ %s\\n" "$command"; /bin/bash -eo pipefail -c "$command" || exit; done';

/**
 * Runs the commands in a container of the layers below and keeps what they leave.
 * @throws ShipwayError invalid_params when the app's build fails, with the reason for the user.
 */
export async function makeCommandLayer(context: BuildContext, wanted: CommandLayer): Promise<Blob> {
  const { options, request, output, signal } = context;
  const { layer, source } = wanted;
  const image = await buildImage(context, wanted.below);
  await options.engine.pull(image);
  signal.throwIfAborted();
  const ca = options.caFile === undefined ? undefined : await readFile(options.caFile, 'utf8');
  let blob: Blob | undefined;
  const result = await options.engine.run(
    {
      name: `build-${request.buildId}-${layer.name}`,
      image,
      command: ['/bin/bash', '-c', runner, 'build', ...source.commands],
      env: buildEnvironment({
        request,
        plan: context.plan,
        source,
        stack: context.buildBase.stack,
        siteEnv: options.buildEnv,
        hasCa: ca !== undefined,
      }),
      workingDir: '/app',
      user: `${appUser}:${appUser}`,
      limits: options.limits,
      timeoutMs: options.timeoutMs,
      files: [
        { path: '/', tar: tarEntries(scaffold(ca)) },
        { path: '/', tar: buildSource(context, wanted) },
      ],
      caches: source.caches.map((cache) => ({ name: `${request.appId}-${cache.name}`, path: cache.path })),
      labels: { build: request.buildId, app: request.appId },
    },
    {
      output: (bytes) => output.write(bytes),
      exit: async (ended, collect) => {
        if (succeeded(ended)) blob = await options.blobs.put(collectOutputs(source, collect));
      },
      signal,
    },
  );
  output.flush();
  signal.throwIfAborted();
  if (blob === undefined || !succeeded(result)) throw failure(context, layer, result);
  return blob;
}

function succeeded(result: JobResult): boolean {
  return result.exitCode === 0 && !result.timedOut;
}

async function buildImage(context: BuildContext, below: readonly Blob[]): Promise<string> {
  const { options, request, buildBase } = context;
  const image = await writeImage({
    blobs: options.blobs,
    manifests: options.manifests,
    repository: request.appId,
    layers: [buildBase, ...below],
    config: {
      env: {},
      user: `${appUser}:${appUser}`,
      workingDir: '/app',
      entrypoint: [],
      cmd: [],
      labels: {},
      exposedPorts: [],
    },
  });
  return `${options.registryHost}/${request.appId}@${image.digest}`;
}

/** The folder that the app's user writes to, and the site's CA. */
function scaffold(ca: string | undefined): TarEntry[] {
  return [
    { path: 'app', mode: 0o755, owner: appUser },
    ...(ca === undefined ? [] : [{ path: caPath.slice(1), mode: 0o644, owner: 0, text: ca }]),
  ];
}

function buildSource(context: BuildContext, { layer, source }: CommandLayer): Readable {
  const covered = layer.uses.flatMap((name) => outputsOf(context, name));
  if (source.inputs === 'tree') return sourceTar(context, { covered });
  return sourceTar(context, { covered, only: source.inputs });
}

function outputsOf(context: BuildContext, name: string): readonly string[] {
  const from = context.plan.layers.find((layer) => layer.name === name)?.from;
  return from?.kind === 'commands' ? from.outputs : [];
}

/** The engine names entries from the last part of the path that was asked for; in a layer they begin at the root. */
function collectOutputs(source: CommandSource, collect: (path: string) => Promise<Readable>): Readable {
  return joinTars(
    source.outputs.map((output) => async () => {
      const target = output.replace(/^\/+|\/+$/g, '');
      const base = target.slice(target.lastIndexOf('/') + 1);
      return normaliseTar(await collect(output), {
        uid: appUser,
        gid: appUser,
        rename: (path) => (path === base || path.startsWith(`${base}/`) ? target + path.slice(base.length) : undefined),
      });
    }),
  );
}

function failure({ options, buildpack, output }: BuildContext, layer: LayerPlan, result: JobResult): ShipwayError {
  const step = layer.title;
  const advice = buildpack.explainFailure?.(output.tail()) ?? 'The lines above say why.';
  if (result.timedOut) {
    const seconds = Math.round(options.timeoutMs / 1000);
    return refuse(
      `${step} took longer than ${seconds} s and was stopped. Make it shorter, or raise SHIPWAY_BUILD_TIMEOUT_S.`,
    );
  }
  if (result.outOfMemory) {
    const megabytes = options.limits.memoryBytes / 2 ** 20;
    return refuse(`${step} ran out of memory (limit ${megabytes} MiB). Use less, or raise SHIPWAY_BUILD_MEMORY_BYTES.`);
  }
  return refuse(`${step} failed with exit status ${result.exitCode}. ${advice}`);
}

function refuse(message: string): ShipwayError {
  return new ShipwayError('invalid_params', message);
}
