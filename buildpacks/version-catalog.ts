import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import semver from 'semver';
import { z } from 'zod';
import type { NpmRunner } from './npm-runner.ts';

/** Versions by runtime, newest last, as PlanContext wants them. */
export type Versions = Readonly<Record<string, readonly string[]>>;

const freshMs = 24 * 60 * 60 * 1000;

const versionList = z.array(z.string());
const storedCatalog = z.object({ fetchedAt: z.number(), versions: z.record(z.string(), versionList) });
type StoredCatalog = z.output<typeof storedCatalog>;

/**
 * Which versions of each runtime can be had. `packages` is runtime -> npm package whose versions they are.
 * Asked of the registry once a day, in the background: a push waits for it only where no list was ever had, and a registry
 * that is away leaves the list as it is.
 */
export function createVersionCatalog(options: {
  readonly npm: NpmRunner;
  readonly root: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Unix ms. */
  readonly clock: () => number;
}): () => Promise<Versions> {
  const file = path.join(options.root, 'versions.json');
  let known: StoredCatalog | undefined;
  let loading: Promise<void> | undefined;
  let refreshing: Promise<StoredCatalog> | undefined;

  async function refresh(): Promise<StoredCatalog> {
    const entries = await Promise.all(
      Object.entries(options.packages).map(async ([runtime, name]) => [
        runtime,
        await fetchVersions(options.npm, name),
      ]),
    );
    const fetched: StoredCatalog = { fetchedAt: options.clock(), versions: Object.fromEntries(entries) };
    known = fetched;
    await store(file, fetched);
    return fetched;
  }

  return async () => {
    // Read once, whoever asks first: a second reader would put the file's old list over one that was fetched meanwhile.
    loading ??= load(file, Object.keys(options.packages)).then((stored) => {
      known = stored;
    });
    await loading;
    if (known !== undefined && options.clock() - known.fetchedAt < freshMs) return known.versions;
    refreshing ??= refresh().finally(() => {
      refreshing = undefined;
    });
    if (known === undefined) return (await refreshing).versions;
    // The list at hand is good enough for this push; the next day's question is asked again if this one fails.
    refreshing.catch(() => {});
    return known.versions;
  };
}

async function fetchVersions(npm: NpmRunner, name: string): Promise<string[]> {
  const versions = versionList.parse(JSON.parse(await npm(['view', name, 'versions', '--json'], {})));
  return versions.filter((version) => semver.prerelease(version) === null).toSorted(semver.compare);
}

async function load(file: string, runtimes: readonly string[]): Promise<StoredCatalog | undefined> {
  try {
    const stored = storedCatalog.parse(JSON.parse(await readFile(file, 'utf8')));
    return runtimes.every((runtime) => stored.versions[runtime] !== undefined) ? stored : undefined;
  } catch {
    // Missing, or left half-read by another version of Shipway: ask the registry.
    return undefined;
  }
}

async function store(file: string, catalog: StoredCatalog): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${randomUUID()}`;
  const target = await open(temporary, 'w');
  try {
    await target.writeFile(JSON.stringify(catalog));
    await target.sync();
  } finally {
    await target.close();
  }
  await rename(temporary, file);
}
