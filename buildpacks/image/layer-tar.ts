import { constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, Readable, Transform } from 'node:stream';
import { ShipwayError } from '../../server/domain/error.ts';
import { emptyHeader, formatTarHeader, paddingBytes, type TarHeader } from './tar-header.ts';
import { createTarRewriter, type RewriteOptions } from './tar-rewriter.ts';

/**
 * The same archive with nothing left in it that differs between two runs: times are 0, all belongs to `uid:gid`, owners have no names, padding is zeros.
 * Entries keep their order, modes, links, devices and extended attributes. Git's comment with the commit's id is dropped, so that equal trees
 * give equal layers. Fails with ShipwayError invalid_params on an archive that is malformed, or names a path outside of itself.
 */
export function normaliseTar(input: Readable, options: RewriteOptions): Readable {
  const rewriter = createTarRewriter(options);
  const output = new Transform({
    transform: (chunk: Buffer, _encoding, done) => settle(done, () => rewriter.write(chunk)),
    flush: (done) => settle(done, () => rewriter.end()),
  });
  // pipeline destroys the output with the input's error; whoever reads it sees that.
  pipeline(input, output, () => undefined);
  return output;
}

function settle(done: (error: Error | null, written?: Buffer) => void, work: () => Buffer): void {
  try {
    const written = work();
    done(null, written.length === 0 ? undefined : written);
  } catch (thrown) {
    done(thrown instanceof Error ? thrown : new Error(String(thrown)));
  }
}

export interface TarFolderOptions extends RewriteOptions {
  /** Where the folder's content goes, e.g. `app`; the folder itself becomes an entry of mode 0755 under that name. */
  readonly prefix?: string;
}

/**
 * A folder of this machine as such an archive, sorted by the bytes of its names. Symlinks are kept and never followed; sockets are left out.
 * Hard links become files of their own. `rename` sees the paths within the folder.
 */
export function tarFolder(folder: string, options: TarFolderOptions): Readable {
  const prefix = options.prefix ?? '';
  const inside = options.rename ?? ((path: string) => path);
  return normaliseTar(Readable.from(folderEntries(folder), { objectMode: false }), {
    uid: options.uid,
    gid: options.gid,
    rename: (path) => {
      const renamed = path === '' ? '' : inside(path);
      return renamed === undefined || (path !== '' && renamed === '') ? undefined : `${prefix}/${renamed}`;
    },
  });
}

async function* folderEntries(folder: string): AsyncGenerator<Buffer> {
  yield formatTarHeader({ ...emptyHeader, name: './', type: '5', mode: 0o755 });
  yield* folderContent(Buffer.from(join(folder, '/')), '');
}

/** @param path Ends with a slash. @param name The same below the archive's root, as latin1 bytes. */
async function* folderContent(path: Buffer, name: string): AsyncGenerator<Buffer> {
  const entries = await readdir(path, { encoding: 'buffer' });
  for (const entry of entries.sort(Buffer.compare)) {
    yield* entryContent(Buffer.concat([path, entry]), name + entry.toString('latin1'));
  }
}

async function* entryContent(path: Buffer, name: string): AsyncGenerator<Buffer> {
  const stat = await lstat(path);
  const header: TarHeader = { ...emptyHeader, name, mode: stat.mode & 0o7777 };
  if (stat.isDirectory()) {
    yield formatTarHeader({ ...header, name: `${name}/`, type: '5' });
    yield* folderContent(Buffer.concat([path, Buffer.from('/')]), `${name}/`);
  } else if (stat.isSymbolicLink()) {
    const target = await readlink(path, { encoding: 'buffer' });
    yield formatTarHeader({ ...header, type: '2', mode: 0o777, linkName: target.toString('latin1') });
  } else if (stat.isFile()) {
    yield* fileContent(path, header);
  } else if (!stat.isSocket()) {
    throw new ShipwayError('invalid_params', `Cannot put ${path} into a layer: it is a device or a pipe.`);
  }
}

async function* fileContent(path: Buffer, header: TarHeader): AsyncGenerator<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    yield formatTarHeader({ ...header, sizeBytes: size });
    let left = size;
    // A file that grows meanwhile is cut at the size that its header already says; `end` is inclusive.
    if (size > 0) {
      for await (const chunk of file.createReadStream({ end: size - 1, autoClose: false })) {
        left -= (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    }
    if (left > 0) throw new ShipwayError('conflict', `Cannot put ${path} into a layer: it shrank while it was read.`);
    yield Buffer.alloc(paddingBytes(size));
  } finally {
    await file.close();
  }
}
