import { ShipwayError } from '../../server/domain/error.ts';

/**
 * One header of a tar archive (POSIX.1-2017 pax, "ustar Interchange Format"). Names are bytes, kept as latin1 strings: file names on Linux need not
 * be UTF-8, and two that differ must stay two.
 */
export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

export const blockBytes = 512;

/** @throws ShipwayError invalid_params for a block that is no tar header. */
export function parseTarHeader(block: Buffer): TarHeader {
  if (parseNumber(block, 148, 8) !== checksum(block)) {
    throw new ShipwayError('invalid_params', 'Cannot read the tar archive: a header has a wrong checksum.');
  }
  const name = text(block, 0, 100);
  // GNU's older format has other fields where ustar has its prefix.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? text(block, 345, 155) : '';
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: text(block, 157, 100),
    type,
    mode: parseNumber(block, 100, 8) & 0o7777,
    uid: parseNumber(block, 108, 8),
    gid: parseNumber(block, 116, 8),
    sizeBytes: parseNumber(block, 124, 12),
    deviceMajor: parseNumber(block, 329, 8),
    deviceMinor: parseNumber(block, 337, 8),
  };
}

/** The header's blocks: one, after an extended header for what does not fit into it. Time, user name and group name are left empty. */
export function formatTarHeader(header: TarHeader, extended: Readonly<Record<string, string>> = {}): Buffer {
  const records: Record<string, string> = { ...extended };
  const place = splitName(header.name);
  if (place === undefined) records.path = header.name;
  if (header.linkName.length > 100) records.linkpath = header.linkName;
  if (header.sizeBytes > 0o77777777777) records.size = String(header.sizeBytes);
  if (header.uid > 0o7777777) records.uid = String(header.uid);
  if (header.gid > 0o7777777) records.gid = String(header.gid);
  const block = formatBlock(header, place ?? { prefix: '', name: header.name.slice(-100) });
  return Object.keys(records).length === 0 ? block : Buffer.concat([formatExtended(records), block]);
}

/** Bytes of zeros that fill the last block of a body. */
export function paddingBytes(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}

/** Records of an extended header: `<length> <key>=<value>\n`, in latin1 as all names here. */
export function parseExtended(body: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  let rest = body.toString('latin1');
  while (rest !== '') {
    const length = Number(/^([0-9]{1,9}) /.exec(rest)?.[1]);
    const record = rest.slice(0, length);
    const [, key, value] = /^[0-9]+ ([^=]+)=([\s\S]*)\n$/.exec(record) ?? [];
    if (key === undefined || value === undefined || record.length !== length) {
      throw new ShipwayError('invalid_params', 'Cannot read the tar archive: an extended header is malformed.');
    }
    records[key] = value;
    rest = rest.slice(length);
  }
  return records;
}

function formatExtended(records: Readonly<Record<string, string>>): Buffer {
  const lines = Object.keys(records)
    .sort()
    .map((key) => formatRecord(` ${key}=${records[key]}\n`));
  const body = Buffer.from(lines.join(''), 'latin1');
  const header = { ...emptyHeader, name: 'PaxHeaders/0', type: 'x', mode: 0o644, sizeBytes: body.length };
  return Buffer.concat([
    formatBlock(header, { prefix: '', name: header.name }),
    body,
    Buffer.alloc(paddingBytes(body.length)),
  ]);
}

/** The length counts its own digits too. */
function formatRecord(rest: string): string {
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

export const emptyHeader: TarHeader = {
  name: '',
  linkName: '',
  type: '0',
  mode: 0,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  deviceMajor: 0,
  deviceMinor: 0,
};

function formatBlock(header: TarHeader, place: { readonly prefix: string; readonly name: string }): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(place.name, 0, 100, 'latin1');
  writeNumber(block, header.mode, 100, 8);
  writeNumber(block, header.uid, 108, 8);
  writeNumber(block, header.gid, 116, 8);
  writeNumber(block, header.sizeBytes, 124, 12);
  writeNumber(block, 0, 136, 12);
  block.write(header.type, 156, 1, 'latin1');
  block.write(header.linkName.slice(0, 100), 157, 100, 'latin1');
  block.write('ustar\u000000', 257, 8, 'latin1');
  writeNumber(block, header.deviceMajor, 329, 8);
  writeNumber(block, header.deviceMinor, 337, 8);
  block.write(place.prefix, 345, 155, 'latin1');
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return block;
}

/** Names up to 100 bytes stand alone; longer ones split at a slash into a prefix of up to 155 and a rest of up to 100. */
function splitName(name: string): { readonly prefix: string; readonly name: string } | undefined {
  if (name.length <= 100) return { prefix: '', name };
  const slash = name.indexOf('/', name.length - 101);
  if (slash < 1 || slash > 155 || slash === name.length - 1) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

/** Numbers that need more digits stand in the extended header, which readers prefer; the field then holds zeros. */
function writeNumber(block: Buffer, value: number, offset: number, length: number): void {
  const digits = value.toString(8).padStart(length - 1, '0');
  block.write(digits.length < length ? digits : '0'.repeat(length - 1), offset, length - 1, 'latin1');
}

/** Octal digits, or GNU's binary form, marked by the first bit, for numbers that need more. */
function parseNumber(block: Buffer, offset: number, length: number): number {
  if (((block[offset] ?? 0) & 0x80) !== 0) {
    const value = block.readUIntBE(offset + length - 6, 6);
    const high = block.subarray(offset + 1, offset + length - 6);
    if (block[offset] === 0x80 && high.every((byte) => byte === 0)) return value;
  } else {
    const digits = text(block, offset, length).trim();
    if (/^[0-7]*$/.test(digits)) return Number.parseInt(digits || '0', 8);
  }
  throw new ShipwayError('invalid_params', 'Cannot read the tar archive: a header holds a malformed number.');
}

function text(block: Buffer, offset: number, length: number): string {
  const end = block.indexOf(0, offset);
  return block.toString('latin1', offset, end === -1 || end > offset + length ? offset + length : end);
}

/** The sum of the header's bytes, with the checksum field itself taken as spaces. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < 148; i++) sum += block[i] ?? 0;
  for (let i = 156; i < blockBytes; i++) sum += block[i] ?? 0;
  return sum;
}
