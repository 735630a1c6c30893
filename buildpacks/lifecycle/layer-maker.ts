import type { LayerPlan } from '../../server/domain/build-plan.ts';
import type { Blob } from '../image/blob-store.ts';
import { normaliseTar } from '../image/layer-tar.ts';
import type { BuildContext } from './build-context.ts';
import { makeCommandLayer } from './command-layer.ts';
import { explainMiss, type KeyedLayer } from './layer-key.ts';
import { tarEntries } from './tar-entries.ts';
import { makeToolchainLayer } from './toolchain-layer.ts';

/**
 * Layers by name, each looked up or made at most once. A layer that is only there for others is made when one of them misses,
 * and not looked at when they all hit.
 */
export function createLayerMaker(
  context: BuildContext,
  keyed: ReadonlyMap<string, KeyedLayer>,
): (name: string) => Promise<Blob> {
  const made = new Map<string, Blob>();

  async function obtain(name: string): Promise<Blob> {
    const known = made.get(name);
    if (known !== undefined) return known;
    const wanted = keyed.get(name);
    if (wanted === undefined) throw new Error(`The plan has no layer ${name}`);
    const blob = (await lookUp(context, wanted)) ?? (await make(wanted));
    made.set(name, blob);
    return blob;
  }

  async function make({ layer, inputs, key }: KeyedLayer): Promise<Blob> {
    const { options, request, output, signal } = context;
    const below: Blob[] = [];
    for (const name of layer.uses) below.push(await obtain(name));
    signal.throwIfAborted();
    if (layer.from.kind !== 'files') output.heading(layer.title);
    const why = explainMiss(await options.layers.lastInputs(request.appId, layer.name), inputs);
    if (why !== undefined) output.detail(why);
    const { digest, sizeBytes } = await makeLayer(context, layer, below);
    await options.layers.put({ key, digest, sizeBytes, createdAt: new Date(options.clock()).toISOString() });
    await options.layers.rememberInputs(request.appId, layer.name, inputs);
    return { digest, sizeBytes };
  }

  return obtain;
}

async function lookUp(context: BuildContext, { layer, key }: KeyedLayer): Promise<Blob | undefined> {
  const stored = await context.options.layers.get(key);
  if (stored === undefined) return undefined;
  if (layer.from.kind === 'commands') context.output.detail(`Using cached layer: ${layer.name}`);
  return { digest: stored.digest, sizeBytes: stored.sizeBytes };
}

function makeLayer(context: BuildContext, layer: LayerPlan, below: readonly Blob[]): Promise<Blob> {
  const { from } = layer;
  switch (from.kind) {
    case 'toolchain':
      return makeToolchainLayer(context, from);
    case 'files': {
      const entries = Object.entries(from.files).map(([path, { text, executable }]) => ({
        path: path.slice(1),
        mode: executable ? 0o755 : 0o644,
        owner: 0,
        text,
      }));
      return context.options.blobs.put(normaliseTar(tarEntries(entries), { uid: 0, gid: 0 }));
    }
    case 'commands':
      return makeCommandLayer(context, { layer, source: from, below });
  }
}
