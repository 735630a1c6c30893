import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RouteTable } from '../../server/domain/route.ts';
import { parseRouteTable } from './route-message.ts';

/** The routes as they were last, or undefined where there is no file or none that can be read. */
export async function readSnapshot(path: string): Promise<RouteTable | undefined> {
  try {
    return parseRouteTable(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

export interface SnapshotWriter {
  /** The table changed. Changes that come while one is being written are written together. */
  changed(): void;
  /** Resolves once the last change is on disk. */
  settled(): Promise<void>;
}

export function createSnapshotWriter(options: {
  readonly path: string;
  readonly table: () => RouteTable;
  readonly onError: (error: unknown) => void;
}): SnapshotWriter {
  let dirty = false;
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    while (dirty) {
      dirty = false;
      // A full disk costs the snapshot, not the routing.
      await writeSnapshot(options.path, options.table()).catch(options.onError);
    }
    writing = undefined;
  };
  return {
    changed: () => {
      dirty = true;
      writing ??= writeAll();
    },
    settled: async () => {
      await writing;
    },
  };
}

/** A reader sees the old file or the new one, whatever happens in between. */
async function writeSnapshot(path: string, table: RouteTable): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Two routers share the file while one takes over from the other.
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'w', 0o640);
  try {
    await file.writeFile(JSON.stringify(table));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
