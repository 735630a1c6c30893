import type { ByteReader } from './byte-reader.ts';

/** Four hex digits of length, themselves counted, and what they announce (gitprotocol-common, "pkt-line Format"). */
export type Pkt =
  | { readonly kind: 'line'; readonly payload: Buffer }
  | { readonly kind: 'flush' | 'delim' | 'response-end' };

/** The longest pkt-line is 65,520 bytes with its length. */
export const maxPktPayload = 65_516;

export const flushPkt = Buffer.from('0000');
export const delimPkt = Buffer.from('0001');
export const responseEndPkt = Buffer.from('0002');

const specialKinds = ['flush', 'delim', 'response-end'] as const;

/** What was read is not git's wire format. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
}

/** @throws RangeError for more than `maxPktPayload` bytes. */
export function writePkt(payload: string | Uint8Array): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  if (bytes.length > maxPktPayload) throw new RangeError(`A pkt-line of ${bytes.length} bytes is too long.`);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

/** The next pkt-line, or undefined where the stream ends between two. @throws ProtocolError */
export async function readPkt(reader: ByteReader): Promise<Pkt | undefined> {
  const head = await reader.take(4);
  if (head.length === 0) return undefined;
  const length = parseLength(head);
  const special = specialKinds[length];
  if (special !== undefined) return { kind: special };
  const payload = await reader.take(length - 4);
  if (payload.length < length - 4) throw new ProtocolError('The stream ends inside a pkt-line.');
  return { kind: 'line', payload };
}

function parseLength(head: Buffer): number {
  const digits = head.toString('latin1');
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new ProtocolError('A pkt-line does not start with four hex digits.');
  const length = Number.parseInt(digits, 16);
  if (length === 3 || length > maxPktPayload + 4) throw new ProtocolError(`A pkt-line cannot have length ${digits}.`);
  return length;
}

/** Text of a line without the line feed that may end it. */
export function pktText(payload: Buffer): string {
  const end = payload.at(-1) === 0x0a ? payload.length - 1 : payload.length;
  return payload.toString('utf8', 0, end);
}
