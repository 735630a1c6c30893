import { parseArgs } from 'node:util';
import { ByteReader } from '../../server/git/byte-reader.ts';
import {
  delimPkt,
  flushPkt,
  type Pkt,
  ProtocolError,
  readPkt,
  responseEndPkt,
  writePkt,
} from '../../server/git/pkt-line.ts';
import { readReceiveRequest } from '../../server/git/receive-request.ts';

/**
 * Feeds broken streams to the readers. What they may do: give the same packets however the stream was cut, packets that write back
 * to the bytes they came from, or a ProtocolError. Run it by `node test/fuzz/pkt-line.ts --seconds 10 [--seed N]`.
 */
export async function fuzzPktLine(options: { readonly seconds: number; readonly seed: number }): Promise<number> {
  const random = seededRandom(options.seed);
  const end = performance.now() + options.seconds * 1000;
  let rounds = 0;
  for (; performance.now() < end; rounds++) {
    const input = makeStream(random);
    try {
      await checkOne(input, random);
    } catch (error) {
      throw new Error(`seed ${options.seed}, round ${rounds}: ${input.toString('hex')}`, { cause: error });
    }
  }
  return rounds;
}

async function checkOne(input: Buffer, random: () => number): Promise<void> {
  const whole = await readAll(cut(input, () => 1));
  const pieces = await readAll(cut(input, random));
  if (JSON.stringify(whole) !== JSON.stringify(pieces)) throw new Error('The cuts decided what was read.');
  const written = Buffer.concat(whole.packets.map(write)).toString('latin1').toLowerCase();
  const read = input.toString('latin1').toLowerCase();
  if (whole.failed ? !read.startsWith(written) : read !== written) throw new Error('Packets were changed on the way.');
  await readReceiveRequest(new ByteReader(cut(input, random))).catch(onlyProtocolErrors);
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<{ packets: Pkt[]; failed: boolean }> {
  const reader = new ByteReader(chunks);
  const packets: Pkt[] = [];
  try {
    for (let pkt = await readPkt(reader); pkt !== undefined; pkt = await readPkt(reader)) packets.push(pkt);
    return { packets, failed: false };
  } catch (error) {
    onlyProtocolErrors(error);
    return { packets, failed: true };
  }
}

function onlyProtocolErrors(error: unknown): void {
  if (!(error instanceof ProtocolError)) throw error;
}

function write(pkt: Pkt): Buffer {
  if (pkt.kind === 'line') return writePkt(pkt.payload);
  return { flush: flushPkt, delim: delimPkt, 'response-end': responseEndPkt }[pkt.kind];
}

const zeros = '0'.repeat(40);
const seeds = [
  `${zeros} ${'a'.repeat(40)} refs/heads/main\0 report-status-v2 side-band-64k push-options`,
  `${'b'.repeat(40)} ${zeros} refs/heads/old`,
  `shallow ${'c'.repeat(40)}`,
  `push-cert\0`,
  '',
  'option=value\n',
];

/** A few packets, most of them well-formed, then some bytes changed, lost or added. */
function makeStream(random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit);
  const parts = Array.from({ length: below(8) }, () => {
    const special = [flushPkt, delimPkt, responseEndPkt][below(12)];
    return special ?? writePkt(seeds[below(seeds.length)] ?? '');
  });
  const bytes = [...Buffer.concat(parts)];
  for (let changes = below(5); changes > 0; changes--) {
    const inserted = below(2) === 0 ? [below(256)] : [];
    bytes.splice(below(bytes.length + 1), below(3), ...inserted);
  }
  return Buffer.from(bytes);
}

async function* cut(input: Buffer, random: () => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < input.length; ) {
    const size = Math.max(1, Math.ceil(random() ** 2 * input.length));
    yield input.subarray(at, at + size);
    at += size;
  }
}

/** mulberry32: small, and the same everywhere. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const rounds = await fuzzPktLine({ seconds: Number(values.seconds ?? 10), seed });
  console.log(`${rounds} streams, seed ${seed}`);
}
