import type { Readable } from 'node:stream';
import type { Blob } from '../image/blob-store.ts';
import { normaliseTar } from '../image/layer-tar.ts';
import { appUser, type BuildContext } from './build-context.ts';
import { keyOf } from './layer-key.ts';

/** Grows when this program makes another archive of the same tree. */
const format = '1';

/** The app's files below `app/`, owned by the app's user. */
export function sourceTar(
  { options, request, keeps }: BuildContext,
  selection: {
    /** Absolute paths in the image that other layers fill: what was pushed there is left out. */
    readonly covered: readonly string[];
    /** Only these files, and the folders that lead to them. */
    readonly only?: readonly string[];
  },
): Readable {
  const { covered, only } = selection;
  const isCovered = (path: string) => covered.some((output) => path === output || path.startsWith(`${output}/`));
  const isWanted = (path: string) => only?.some((file) => file === path || file.startsWith(`${path}/`)) ?? true;
  return normaliseTar(options.exportTree(request.repositoryPath, request.tree), {
    uid: appUser,
    gid: appUser,
    rename: (path) =>
      path !== '' && keeps(path) && isWanted(path) && !isCovered(`/app/${path}`) ? `app/${path}` : undefined,
  });
}

/** The pushed files as a layer. A tree that was seen before is not exported again. */
export async function obtainAppLayer(context: BuildContext): Promise<Blob> {
  const { options, tree } = context;
  const covered = context.plan.layers.flatMap(({ launch, from }) =>
    launch && from.kind === 'commands' ? from.outputs : [],
  );
  // .slugignore is part of the tree, so the tree's oid stands for it. Equal trees are equal for every app.
  const key = keyOf({ format, 'the source': tree.oid, covered: JSON.stringify(covered) });
  const stored = await options.layers.get(key);
  if (stored !== undefined) return { digest: stored.digest, sizeBytes: stored.sizeBytes };
  const { digest, sizeBytes } = await options.blobs.put(sourceTar(context, { covered }));
  await options.layers.put({ key, digest, sizeBytes, createdAt: new Date(options.clock()).toISOString() });
  return { digest, sizeBytes };
}
