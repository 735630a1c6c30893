import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  blockBytes,
  emptyHeader,
  formatTarHeader,
  paddingBytes,
  parseTarHeader,
  type TarHeader,
} from './tar-header.ts';

/** Lines that the base needs, each unless one with that id is there: an image may have a user 1000 of its own. */
const accounts: ReadonlyMap<string, string> = new Map([
  ['etc/passwd', 'app:x:1000:1000::/app:/bin/bash\n'],
  ['etc/group', 'app:x:1000:\n'],
]);

/**
 * The files of an image, with what apps are run with: a user `app` (1000:1000), its `/app`, and `/tmp`. They are appended: of two entries
 * with one name, whoever unpacks an archive keeps the later one.
 * @param path Of the archive that the engine exported.
 */
export async function completeBase(path: string): Promise<Readable> {
  const file = await open(path, 'r');
  const { found, endsAt } = await scan(file).catch(async (thrown: unknown) => {
    await file.close();
    throw thrown;
  });
  const added = [...accounts].map(([name, line]) => formatFile(name, withAccount(found.get(name) ?? '', line)));
  const folders = [
    formatTarHeader({ ...emptyHeader, name: 'app/', type: '5', mode: 0o755, uid: 1000, gid: 1000 }),
    formatTarHeader({ ...emptyHeader, name: 'tmp/', type: '5', mode: 0o1777 }),
  ];
  const content = async function* () {
    yield* file.createReadStream({ start: 0, end: endsAt - 1 });
    yield Buffer.concat([...added, ...folders, Buffer.alloc(2 * blockBytes)]);
  };
  return Readable.from(content(), { objectMode: false });
}

/** The files that accounts are in, and where the archive's last entry ends. */
async function scan(file: FileHandle): Promise<{ found: Map<string, string>; endsAt: number }> {
  const found = new Map<string, string>();
  let at = 0;
  for (let header = await headerAt(file, at); header !== undefined; header = await headerAt(file, at)) {
    const name = header.name.replace(/^\.?\/+/, '');
    if (accounts.has(name) && header.type === '0') {
      const { buffer } = await file.read(Buffer.alloc(header.sizeBytes), 0, header.sizeBytes, at + blockBytes);
      found.set(name, buffer.toString('utf8'));
    }
    at += blockBytes + header.sizeBytes + paddingBytes(header.sizeBytes);
  }
  return { found, endsAt: at };
}

async function headerAt(file: FileHandle, at: number): Promise<TarHeader | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(blockBytes), 0, blockBytes, at);
  const ended = bytesRead < blockBytes || buffer.every((byte) => byte === 0);
  return ended ? undefined : parseTarHeader(buffer);
}

/** Third field: the user's or group's id (passwd(5), group(5)). */
function withAccount(text: string, line: string): string {
  const taken = text.split('\n').some((existing) => existing.split(':')[2] === '1000');
  if (taken) return text;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}`;
}

function formatFile(name: string, text: string): Buffer {
  const content = Buffer.from(text);
  const header = formatTarHeader({ ...emptyHeader, name, mode: 0o644, sizeBytes: content.length });
  return Buffer.concat([header, content, Buffer.alloc(paddingBytes(content.length))]);
}
