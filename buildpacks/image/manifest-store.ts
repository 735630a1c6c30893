import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ShipwayError } from '../../server/domain/error.ts';
import type { Blob } from './blob-store.ts';
import { isSystemError, removeUnlessUsedSince, unlessMissing, writeFileAtomically } from './disk.ts';
import { assertRepositoryName, digestHex, isDigest, isTag } from './image-names.ts';
import { parseManifest } from './manifest.ts';

interface StoredManifest {
  readonly bytes: Buffer;
  readonly digest: string;
  readonly mediaType: string;
}

/** Manifests and tags by repository. A manifest's bytes are kept as they came, since its digest is of them. */
export interface ManifestStore {
  /** @throws ShipwayError invalid_params for bytes that are no manifest, or one of another media type. */
  put(repository: string, bytes: Buffer, mediaType: string): Promise<Blob>;
  /** `reference`: digest or tag. */
  get(repository: string, reference: string): Promise<StoredManifest | undefined>;
  /** Digests of all manifests with the time that each was last put, without order. */
  list(repository: string): Promise<readonly { readonly digest: string; readonly putAt: Date }[]>;
  tag(repository: string, tag: string, digest: string): Promise<void>;
  /** In the order of their bytes, as the distribution specification lists them. */
  tags(repository: string): Promise<string[]>;
  repositories(): Promise<string[]>;
  /** A manifest with its tags, a tag, or all of the repository. False when it was not there. */
  remove(repository: string, reference?: string): Promise<boolean>;
  /** Removes a manifest with its tags unless it was put after `before`, even while this call runs; and folders that this leaves empty. */
  removeUnused(repository: string, digest: string, before: Date): Promise<boolean>;
}

/**
 * `<root>/repositories/<repository>/_manifests/<hex>` and `_tags/<tag>`. No part of a repository's name starts with an underscore, so
 * `a` and `a/_tags` cannot meet.
 */
export function createManifestStore(options: { readonly root: string }): ManifestStore {
  const root = join(options.root, 'repositories');
  mkdirSync(root, { recursive: true });

  const folder = (repository: string) => {
    assertRepositoryName(repository);
    return join(root, repository);
  };
  const manifestPath = (repository: string, digest: string) =>
    join(folder(repository), '_manifests', digestHex(digest));
  const tagPath = (repository: string, tag: string) => {
    if (!isTag(tag)) throw new ShipwayError('invalid_params', `"${tag}" is no tag.`);
    return join(folder(repository), '_tags', tag);
  };

  async function put(repository: string, bytes: Buffer, mediaType: string): Promise<Blob> {
    const actual = parseManifest(bytes).mediaType;
    if (actual !== mediaType) {
      throw new ShipwayError('invalid_params', `The manifest is of media type ${actual}, not ${mediaType}.`);
    }
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    await write(manifestPath(repository, digest), bytes);
    return { digest, sizeBytes: bytes.length };
  }

  async function get(repository: string, reference: string): Promise<StoredManifest | undefined> {
    const digest = isDigest(reference)
      ? reference
      : await unlessMissing(readFile(tagPath(repository, reference), 'utf8'));
    const bytes = digest === undefined ? undefined : await unlessMissing(readFile(manifestPath(repository, digest)));
    if (digest === undefined || bytes === undefined) return undefined;
    return { bytes, digest, mediaType: parseManifest(bytes).mediaType };
  }

  async function removeTagsOf(repository: string, digest: string): Promise<void> {
    for (const tag of await tags(repository)) {
      const target = await unlessMissing(readFile(tagPath(repository, tag), 'utf8'));
      if (target === digest) await rm(tagPath(repository, tag), { force: true });
    }
  }

  async function removeManifest(repository: string, digest: string): Promise<boolean> {
    await removeTagsOf(repository, digest);
    return removeFile(manifestPath(repository, digest));
  }

  async function removeUnused(repository: string, digest: string, before: Date): Promise<boolean> {
    const path = manifestPath(repository, digest);
    if (!(await removeUnlessUsedSince(path, { before, aside: `${path}.${randomUUID()}.tmp` }))) return false;
    await removeTagsOf(repository, digest);
    for (const name of ['_tags', '_manifests']) await removeEmptyFolders(join(folder(repository), name), root);
    return true;
  }

  async function removeRepository(repository: string): Promise<boolean> {
    const known = (await unlessMissing(readdir(join(folder(repository), '_manifests')))) !== undefined;
    await rm(join(folder(repository), '_tags'), { recursive: true, force: true });
    await rm(join(folder(repository), '_manifests'), { recursive: true, force: true });
    await removeEmptyFolders(folder(repository), root);
    return known;
  }

  const tags = async (repository: string) =>
    ((await unlessMissing(readdir(join(folder(repository), '_tags')))) ?? []).filter(isTag).sort();

  return {
    put,
    get,
    tags,
    removeUnused,
    list: async (repository) => listManifests(join(folder(repository), '_manifests')),
    tag: (repository, tag, digest) => write(tagPath(repository, tag), `sha256:${digestHex(digest)}`),
    repositories: async () => (await findRepositories(root, root)).sort(),
    remove: async (repository, reference) => {
      if (reference === undefined) return removeRepository(repository);
      return isDigest(reference) ? removeManifest(repository, reference) : removeFile(tagPath(repository, reference));
    },
  };
}

/** Synced: a release names the manifest, and nothing could make it again with the same digest but the same push. */
async function write(path: string, content: Buffer | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Garbage collection may find the folder empty and remove it before the file is in it.
  const written = await unlessMissing(writeFileAtomically(path, content, { sync: true }).then(() => true));
  if (written === undefined) await write(path, content);
}

async function removeFile(path: string): Promise<boolean> {
  return (await unlessMissing(rm(path).then(() => true))) ?? false;
}

async function listManifests(folder: string): Promise<{ digest: string; putAt: Date }[]> {
  const names = (await unlessMissing(readdir(folder))) ?? [];
  const found = await Promise.all(
    names
      .map((name) => `sha256:${name}`)
      .filter(isDigest)
      .map(async (digest) => {
        const file = await unlessMissing(stat(join(folder, digestHex(digest))));
        return file === undefined ? [] : [{ digest, putAt: file.mtime }];
      }),
  );
  return found.flat();
}

async function findRepositories(root: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? []) {
    if (entry.name === '_manifests') found.push(relative(root, folder));
    else if (entry.isDirectory() && entry.name !== '_tags')
      found.push(...(await findRepositories(root, join(folder, entry.name))));
  }
  return found;
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  if (folder === root) return;
  try {
    await rmdir(folder);
  } catch (thrown) {
    if (isSystemError(thrown, 'ENOTEMPTY')) return;
    if (!isSystemError(thrown, 'ENOENT')) throw thrown;
  }
  await removeEmptyFolders(dirname(folder), root);
}
