import { Readable } from 'node:stream';
import tar from 'tar-stream';

export interface TarEntry {
  /** Without a leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly owner: number;
  /** Undefined for a folder. */
  readonly text?: string;
}

/** A small archive made of values: equal entries give equal bytes. */
export function tarEntries(entries: readonly TarEntry[]): Readable {
  const pack = tar.pack();
  for (const { path, mode, owner, text } of entries) {
    const header = { name: path, mode, uid: owner, gid: owner, mtime: new Date(0) };
    if (text === undefined) pack.entry({ ...header, type: 'directory' });
    else pack.entry({ ...header, type: 'file' }, text);
  }
  pack.finalize();
  return Readable.from(pack, { objectMode: false });
}

/** Two blocks of zeros end an archive (POSIX.1-2017 pax, "ustar Interchange Format"). */
const trailerBytes = 1024;

/** Several archives as one. Each must end in exactly two blocks of zeros, as those of `normaliseTar` do. */
export function joinTars(archives: readonly (() => Promise<Readable>)[]): Readable {
  return Readable.from(joined(archives), { objectMode: false });
}

async function* joined(archives: readonly (() => Promise<Readable>)[]): AsyncGenerator<Buffer> {
  for (const open of archives) {
    let held = Buffer.alloc(0);
    for await (const chunk of await open()) {
      const bytes: Buffer = Buffer.concat([held, chunk]);
      const end = Math.max(0, bytes.length - trailerBytes);
      if (end > 0) yield bytes.subarray(0, end);
      held = Buffer.from(bytes.subarray(end));
    }
  }
  yield Buffer.alloc(trailerBytes);
}
