import { zeroOid } from '../domain/git.ts';
import { flushPkt, writePkt } from './pkt-line.ts';

/** gitprotocol-capabilities(5): what this receive-pack can do. */
const capabilities = [
  'report-status',
  'report-status-v2',
  'delete-refs',
  'side-band-64k',
  'quiet',
  'atomic',
  'ofs-delta',
  'push-options',
  'object-format=sha1',
  'agent=shipway/0.1',
].join(' ');

/** Answer to `GET info/refs?service=git-receive-pack` (gitprotocol-http, "Smart Server Response"), protocol version 0: pushes have no other. */
export function writeReceiveAdvertisement(refs: ReadonlyMap<string, string>, shallow: readonly string[]): Buffer {
  const shown = refs.size > 0 ? [...refs] : [['capabilities^{}', zeroOid] as const];
  const lines = shown.map(([name, oid], index) => `${oid} ${name}${index === 0 ? `\0${capabilities}` : ''}\n`);
  return Buffer.concat([
    writePkt('# service=git-receive-pack\n'),
    flushPkt,
    ...lines.map(writePkt),
    ...shallow.map((oid) => writePkt(`shallow ${oid}\n`)),
    flushPkt,
  ]);
}
