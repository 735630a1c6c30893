import { ShipwayError } from '../../server/domain/error.ts';
import {
  blockBytes,
  formatTarHeader,
  paddingBytes,
  parseExtended,
  parseTarHeader,
  type TarHeader,
} from './tar-header.ts';

interface TarOwner {
  readonly uid: number;
  readonly gid: number;
}

export interface RewriteOptions extends TarOwner {
  /** Path without leading or trailing slash; '' is the archive's root. Undefined, or '', drops the entry. */
  readonly rename?: (path: string) => string | undefined;
}

/** A synchronous tar-to-tar transformer: bytes in, bytes out, whatever the pieces they come in. */
export interface TarRewriter {
  write(chunk: Buffer): Buffer;
  /** The end-of-archive blocks. @throws ShipwayError invalid_params when the archive stops within an entry. */
  end(): Buffer;
}

/** What extended headers before an entry say about it. */
interface Extended {
  path?: string;
  linkpath?: string;
  size?: string;
  /** Kept: file capabilities and other attributes (`SCHILY.xattr.*`). Times, names and comments are not. */
  kept: Record<string, string>;
}

type Body = { readonly use: 'pass' | 'skip' } | { readonly use: 'extend'; readonly type: string; parts: Buffer[] };

/** Largest extended header: Go's archive/tar, which engines use, takes 1 MiB. */
const extendedLimitBytes = 2 ** 20;

export function createTarRewriter(options: RewriteOptions): TarRewriter {
  let partial: Buffer = Buffer.alloc(0);
  let body: Body = { use: 'skip' };
  let bodyLeft = 0;
  let paddingLeft = 0;
  let extended: Extended = { kept: {} };
  let ended = false;
  let output: Buffer[] = [];

  function readHeader(block: Buffer): void {
    if (block.every((byte) => byte === 0)) {
      ended = true;
      return;
    }
    const header = parseTarHeader(block);
    if ('xgLK'.includes(header.type)) {
      if (header.sizeBytes > extendedLimitBytes) throw unreadable('an extended header is larger than 1 MiB');
      body = header.type === 'g' ? { use: 'skip' } : { use: 'extend', type: header.type, parts: [] };
      startBody(header.sizeBytes);
    } else {
      readEntry(header);
    }
  }

  function readEntry(raw: TarHeader): void {
    const { header, kept } = applyExtended(raw, extended);
    extended = { kept: {} };
    const written = rewriteHeader(header, options);
    if (written !== undefined) output.push(formatTarHeader(written, kept));
    body = { use: written === undefined ? 'skip' : 'pass' };
    startBody(header.sizeBytes);
  }

  function startBody(sizeBytes: number): void {
    bodyLeft = sizeBytes;
    paddingLeft = paddingBytes(sizeBytes);
    if (sizeBytes === 0) endBody();
  }

  function readBody(piece: Buffer): void {
    bodyLeft -= piece.length;
    if (body.use === 'pass') output.push(piece);
    if (body.use === 'extend') body.parts.push(Buffer.from(piece));
    if (bodyLeft === 0) endBody();
  }

  function endBody(): void {
    if (body.use === 'extend') extended = extend(extended, body.type, Buffer.concat(body.parts));
    // Written as zeros, not as found: padding is no content and must not change a digest.
    if (body.use === 'pass' && paddingLeft > 0) output.push(Buffer.alloc(paddingLeft));
  }

  function write(chunk: Buffer): Buffer {
    let rest = chunk;
    const take = (length: number): Buffer => {
      const piece = rest.subarray(0, length);
      rest = rest.subarray(piece.length);
      return piece;
    };
    while (rest.length > 0 && !ended) {
      if (bodyLeft > 0) {
        readBody(take(bodyLeft));
      } else if (paddingLeft > 0) {
        paddingLeft -= take(paddingLeft).length;
      } else {
        const piece = take(blockBytes - partial.length);
        partial = partial.length === 0 ? piece : Buffer.concat([partial, piece]);
        if (partial.length === blockBytes) {
          const block = partial;
          partial = Buffer.alloc(0);
          readHeader(block);
        }
      }
    }
    const written = Buffer.concat(output);
    output = [];
    return written;
  }

  function end(): Buffer {
    if (bodyLeft > 0 || partial.length > 0) throw unreadable('it stops within an entry');
    return Buffer.alloc(2 * blockBytes);
  }

  return { write, end };
}

function extend(extended: Extended, type: string, body: Buffer): Extended {
  const gnuName = () => body.toString('latin1').split('\0', 1)[0] ?? '';
  if (type === 'L') return { ...extended, path: gnuName() };
  if (type === 'K') return { ...extended, linkpath: gnuName() };
  const records = parseExtended(body);
  const names = Object.keys(records);
  if (names.some((name) => name.startsWith('GNU.sparse.'))) throw unreadable('it holds sparse files');
  const kept = names.filter((name) => name.startsWith('SCHILY.xattr.')).map((name) => [name, records[name] ?? '']);
  const { path, linkpath, size } = records;
  return {
    ...extended,
    ...(path !== undefined && { path }),
    ...(linkpath !== undefined && { linkpath }),
    ...(size !== undefined && { size }),
    kept: { ...extended.kept, ...Object.fromEntries(kept) },
  };
}

function applyExtended(raw: TarHeader, extended: Extended): { header: TarHeader; kept: Record<string, string> } {
  const type = raw.type === '7' ? '0' : raw.type;
  if (!'0123456'.includes(type)) throw unreadable(`it holds an entry of unknown type "${type}"`);
  const name = extended.path ?? raw.name;
  const sizeBytes = Number(extended.size ?? raw.sizeBytes);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw unreadable('an entry has a malformed size');
  const header: TarHeader = {
    ...raw,
    name,
    linkName: extended.linkpath ?? raw.linkName,
    // Archives older than ustar mark a folder by its slash alone.
    type: type === '0' && name.endsWith('/') ? '5' : type,
    // Only files have a body; some archivers give the size of the target with a hard link.
    sizeBytes: type === '0' ? sizeBytes : 0,
  };
  return { header, kept: extended.kept };
}

function rewriteHeader(header: TarHeader, options: RewriteOptions): TarHeader | undefined {
  const name = renameBytes(header.name, options.rename);
  if (name === '') return undefined;
  return {
    ...header,
    name: header.type === '5' ? `${name}/` : name,
    linkName: header.type === '1' ? renameTarget(header, options.rename) : header.linkName,
    uid: options.uid,
    gid: options.gid,
  };
}

/** A hard link names another entry of the archive, so its target moves with it. A symlink's is free text. */
function renameTarget(header: TarHeader, rename: RewriteOptions['rename']): string {
  const target = renameBytes(header.linkName, rename);
  if (target === '') throw unreadable(`hard link ${header.name} points to ${header.linkName}, which is left out`);
  return target;
}

/** `rename` sees text. A name that is not UTF-8 is shown byte for byte as latin1, and comes back the same way. */
function renameBytes(bytes: string, rename: RewriteOptions['rename']): string {
  const path = cleanPath(bytes);
  if (rename === undefined) return path;
  const raw = Buffer.from(path, 'latin1');
  const text = raw.toString('utf8');
  const encoding = Buffer.from(text, 'utf8').equals(raw) ? 'utf8' : 'latin1';
  const renamed = rename(encoding === 'utf8' ? text : path);
  return renamed === undefined ? '' : cleanPath(Buffer.from(renamed, encoding).toString('latin1'));
}

/** @throws ShipwayError invalid_params for a path that climbs out of the archive. */
function cleanPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw unreadable(`path ${path} leaves it`);
  return parts.join('/');
}

function unreadable(reason: string): ShipwayError {
  return new ShipwayError('invalid_params', `Cannot use the tar archive: ${reason}.`);
}
