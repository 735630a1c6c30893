import { maxPktPayload, writePkt } from './pkt-line.ts';

/** Streams that side-band-64k carries in one (gitprotocol-pack, "Packfile Data"): 1 the answer, 2 progress for the user's terminal. */
export type Band = 1 | 2;

/** Longest piece in one packet: the band's number takes a byte. */
const maxPiece = maxPktPayload - 1;

/** What keeps proxies and clients from giving up while nothing happens; the packet that git's own receive-pack sends. */
export const keepAlivePkt = writePkt(Uint8Array.of(1));

/** `bytes` as packets of one band. */
export function writeBand(band: Band, bytes: Uint8Array): Buffer {
  const packets: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += maxPiece) {
    packets.push(writePkt(Buffer.concat([Uint8Array.of(band), bytes.subarray(start, start + maxPiece)])));
  }
  return Buffer.concat(packets);
}
