import { type FileHandle, open } from 'node:fs/promises';

/** gitformat-pack(5), "Version 2 pack-*.idx files": magic and version, 256 cumulative counts by first byte, sorted names. */
const fanoutStart = 8;
const namesStart = fanoutStart + 256 * 4;
const nameBytes = 20;

/** Reads a pack's index without loading it: how many objects, and which of `oids` it holds. */
export async function readPackIndex(
  path: string,
  oids: readonly string[],
): Promise<{ readonly objectCount: number; readonly found: ReadonlySet<string> }> {
  const file = await open(path);
  try {
    const head = await readAt(file, 0, namesStart);
    if (head.readUInt32BE(0) !== 0xff744f63 || head.readUInt32BE(4) !== 2) throw new Error(`${path} is no pack index.`);
    const found = new Set<string>();
    for (const oid of oids) {
      if (await hasName(file, head, Buffer.from(oid, 'hex'))) found.add(oid);
    }
    return { objectCount: head.readUInt32BE(fanoutStart + 255 * 4), found };
  } finally {
    await file.close();
  }
}

async function hasName(file: FileHandle, head: Buffer, name: Buffer): Promise<boolean> {
  const first = name[0] ?? 0;
  const start = first === 0 ? 0 : head.readUInt32BE(fanoutStart + (first - 1) * 4);
  const end = head.readUInt32BE(fanoutStart + first * 4);
  const names = await readAt(file, namesStart + start * nameBytes, (end - start) * nameBytes);
  for (let at = 0; at < names.length; at += nameBytes) {
    if (names.compare(name, 0, nameBytes, at, at + nameBytes) === 0) return true;
  }
  return false;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
