import { createHash } from 'node:crypto';
import type { BuildPlan, CommandSource, LayerPlan, SourceTree } from '../../server/domain/build-plan.ts';

/** All that decides a layer's content, by the name that a user knows it under: `package-lock.json`, `config var FOO`. */
export type LayerInputs = Readonly<Record<string, string>>;

export interface KeyedLayer {
  readonly layer: LayerPlan;
  readonly inputs: LayerInputs;
  /** 64 hex digits. */
  readonly key: string;
}

/** Grows when this program makes another layer of the same inputs. */
const format = '1';

export interface KeyContext {
  readonly appId: string;
  readonly baseDigest: string;
  readonly tree: SourceTree;
  readonly configVars: Readonly<Record<string, string>>;
}

/** Keys of all layers of a plan, in its order. Pure: nothing is made or read. */
export function keyLayers(plan: BuildPlan, context: KeyContext): ReadonlyMap<string, KeyedLayer> {
  const keyed = new Map<string, KeyedLayer>();
  for (const layer of plan.layers) {
    const inputs = layerInputs(layer, plan, keyed, context);
    keyed.set(layer.name, { layer, inputs, key: keyOf(inputs) });
  }
  return keyed;
}

export function keyOf(inputs: LayerInputs): string {
  return sha256(JSON.stringify(Object.entries(inputs).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

function layerInputs(
  layer: LayerPlan,
  plan: BuildPlan,
  keyed: ReadonlyMap<string, KeyedLayer>,
  context: KeyContext,
): LayerInputs {
  const { from } = layer;
  // Toolchains and files hold nothing of any app and do not look at the base: every app shares them.
  if (from.kind !== 'commands') return { format, [layer.name]: sha256(JSON.stringify(from)) };
  const used = layer.uses.map((name) => [`layer ${name}`, keyed.get(name)?.key ?? 'absent'] as const);
  const vars = Object.entries(context.configVars).map(
    ([name, value]) => [`config var ${name}`, sha256(value)] as const,
  );
  const { inputs: _, ...commands } = from;
  return {
    format,
    // Commands run code of the app, with caches that earlier builds of it wrote: what they leave is shared with no other app.
    app: context.appId,
    'the base image': context.baseDigest,
    'the buildpack': sha256(JSON.stringify([plan.buildpack, plan.version, plan.env, commands])),
    ...Object.fromEntries(used),
    ...Object.fromEntries(vars),
    ...fileInputs(from, context.tree),
  };
}

function fileInputs(from: CommandSource, tree: SourceTree): LayerInputs {
  if (from.inputs === 'tree') return { 'the source': tree.oid };
  const present = from.inputs.map((path) => tree.files.get(path)).filter((file) => file !== undefined);
  return Object.fromEntries(present.map((file) => [file.path, `${file.mode} ${file.oid}`]));
}

/** Why a layer is made again: `package-lock.json changed`; undefined when it was never made for this app. */
export function explainMiss(last: LayerInputs | undefined, now: LayerInputs): string | undefined {
  if (last === undefined) return undefined;
  const names = Object.keys({ ...last, ...now }).filter((name) => last[name] !== now[name]);
  const shown = names.slice(0, 3).map((name) => {
    const label = name === 'format' ? 'Shipway' : name;
    if (last[name] === undefined) return `${label} is new`;
    return now[name] === undefined ? `${label} is gone` : `${label} changed`;
  });
  if (shown.length === 0) return 'The cached layer is no longer there';
  return shown.join(', ') + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
