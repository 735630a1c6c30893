import type { ProcessType } from './process-type.ts';

/** A file of the pushed tree, by its git blob: the oid is what layer keys are made of, so that a hit reads no file. */
export interface SourceFile {
  /** Relative to the app's root, `/`-separated, never with `..`. */
  readonly path: string;
  /** Git's mode: `100644`, `100755`, `120000` (symlink), `160000` (submodule). */
  readonly mode: string;
  readonly oid: string;
  readonly sizeBytes: number;
}

/** The pushed tree as buildpacks see it. */
export interface SourceTree {
  /** Git tree oid: equal trees have equal oids. */
  readonly oid: string;
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Text of a file, or undefined where there is none or it is larger than 4 MiB. */
  readText(path: string): Promise<string | undefined>;
}

/** What a plan may know besides the tree, as plain values. */
export interface PlanContext {
  /** Versions that can be had, newest last, by runtime: `{ node: ['20.1.0', ...] }`. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  /** Config vars in the scope of builds. */
  readonly configVars: Readonly<Record<string, string>>;
}

/** Pure: the same tree and context give the same answer. */
export interface Buildpack {
  /** `nodejs`, `static`; part of every layer's key together with `version`. */
  readonly id: string;
  readonly version: string;
  /** `Node.js`, as in `-----> Node.js app detected`. */
  readonly displayName: string;
  detect(tree: SourceTree): Promise<boolean>;
  /** @throws ShipwayError invalid_params for a tree that cannot be built, saying what to change. */
  plan(tree: SourceTree, context: PlanContext): Promise<BuildPlan>;
  /** What to do about a failed command, from its last lines; undefined where they speak for themselves. */
  explainFailure?(output: readonly string[]): string | undefined;
}

export interface BuildPlan {
  readonly buildpack: string;
  readonly version: string;
  readonly displayName: string;
  /** What was decided and why, one line each: `Using Node.js 22.11.0 (engines.node ">=22")`. */
  readonly notes: readonly string[];
  readonly layers: readonly LayerPlan[];
  /** Its commands may need compilers, git or Python: they run on the larger base for builds, not on the base of the image. */
  readonly buildTools: boolean;
  /** Whether the app's own files go into the image as pushed, or as a layer of the plan leaves them in /app. */
  readonly app: { readonly kind: 'source' } | { readonly kind: 'layer'; readonly layer: string };
  /** Default process types; a Procfile's take their place. */
  readonly processTypes: readonly ProcessType[];
  /** Environment of the image. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A layer of the image. Its key is the digest of all that decides its content: base image, buildpack and its version, `from`,
 * the oids of `inputs`, `env`, the keys of the layers in `uses`. A hit starts no container.
 */
export interface LayerPlan {
  readonly name: string;
  /** Shown while it is made: `Installing dependencies`. */
  readonly title: string;
  /** Part of the image. A layer without it is there for other layers only. */
  readonly launch: boolean;
  readonly from: LayerSource;
  /** Layers below it while it is made, in order. */
  readonly uses: readonly string[];
}

type LayerSource = ToolchainSource | CommandSource | FilesSource;

/** A runtime from its ecosystem's registry, fetched without running any of its code. */
export interface ToolchainSource {
  readonly kind: 'toolchain';
  readonly ecosystem: 'npm';
  /** Package name -> exact version. */
  readonly packages: Readonly<Record<string, string>>;
  /** Absolute path in the image where the packages' folders land: `<path>/<package>/...`. */
  readonly path: string;
  /** Symlinks: absolute path in the image -> target. */
  readonly links: Readonly<Record<string, string>>;
}

/** Commands in a capped build container, in /app, as the app's user. */
export interface CommandSource {
  readonly kind: 'commands';
  /** Files of the tree that the commands see, exact paths; 'tree' for all of them. */
  readonly inputs: 'tree' | readonly string[];
  /** Run by `bash -eo pipefail -c`, in order. Text of the buildpack, never of the tree. */
  readonly commands: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths that the layer keeps, e.g. `/app/node_modules`. */
  readonly outputs: readonly string[];
  /** Folders kept between builds of the app, by name. */
  readonly caches: readonly { readonly name: string; readonly path: string }[];
}

/** Small files of the buildpack itself, owned by root, e.g. a launcher. */
interface FilesSource {
  readonly kind: 'files';
  /** Absolute path in the image -> text. */
  readonly files: Readonly<Record<string, { readonly text: string; readonly executable: boolean }>>;
}
