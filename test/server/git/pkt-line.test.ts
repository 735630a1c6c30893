import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../server/git/byte-reader.ts';
import {
  delimPkt,
  flushPkt,
  maxPktPayload,
  type Pkt,
  ProtocolError,
  pktText,
  readPkt,
  responseEndPkt,
  writePkt,
} from '../../../server/git/pkt-line.ts';
import { keepAlivePkt, writeBand } from '../../../server/git/side-band.ts';

const written = { flush: flushPkt, delim: delimPkt, 'response-end': responseEndPkt } as const;

function write(pkt: Pkt): Buffer {
  return pkt.kind === 'line' ? writePkt(pkt.payload) : written[pkt.kind];
}

async function* chunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function readAll(bytes: Buffer, sizes: readonly number[] = [bytes.length]): Promise<Pkt[]> {
  const reader = new ByteReader(chunks(bytes, sizes));
  const packets: Pkt[] = [];
  for (let pkt = await readPkt(reader); pkt !== undefined; pkt = await readPkt(reader)) packets.push(pkt);
  return packets;
}

const packet: fc.Arbitrary<Pkt> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((payload): Pkt => ({ kind: 'line', payload: Buffer.from(payload) })),
  fc.constantFrom<Pkt>({ kind: 'flush' }, { kind: 'delim' }, { kind: 'response-end' }),
);

describe('server/git/pkt-line', () => {
  it('reads what it wrote, however the stream is cut', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(packet), sizes, async (packets, sizes) => {
        expect(await readAll(Buffer.concat(packets.map(write)), sizes)).toEqual(packets);
      }),
    );
  });

  it('takes anything else for a protocol error, never for another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
        const outcome = await readAll(Buffer.from(bytes)).catch((error: unknown) => error);
        expect(Array.isArray(outcome) || outcome instanceof ProtocolError).toBe(true);
      }),
    );
  });

  it.each(['0003', 'fff1', 'ffff', '00 4', '+004', '0x04', '000g'])('refuses length %s', async (head) => {
    await expect(readAll(Buffer.from(`${head}....`))).rejects.toThrow(ProtocolError);
  });

  it('refuses a stream that ends inside a packet', async () => {
    await expect(readAll(Buffer.from('0008abc'))).rejects.toThrow(ProtocolError);
    await expect(readAll(Buffer.from('00'))).rejects.toThrow(ProtocolError);
  });

  it('writes and reads the longest packet, and refuses to write a longer one', async () => {
    const payload = Buffer.alloc(maxPktPayload, 1);
    expect(await readAll(writePkt(payload))).toEqual([{ kind: 'line', payload }]);
    expect(() => writePkt(Buffer.alloc(maxPktPayload + 1))).toThrow(RangeError);
  });

  it('leaves what follows the packets to the next reader', async () => {
    const reader = new ByteReader(chunks(Buffer.from('0009line\n0000PACKrest'), [3]));
    const line = await readPkt(reader);
    expect(line?.kind === 'line' && pktText(line.payload)).toBe('line');
    expect(await readPkt(reader)).toEqual({ kind: 'flush' });
    expect((await reader.peek(4)).toString()).toBe('PACK');
    expect(Buffer.concat(await Array.fromAsync(reader.rest())).toString()).toBe('PACKrest');
  });
});

describe('server/git/side-band', () => {
  it('cuts what is longer than a packet', async () => {
    const bytes = Buffer.alloc(200_000, 7);
    const packets = await readAll(writeBand(2, bytes));
    const payloads = packets.map((pkt) => (pkt.kind === 'line' ? pkt.payload : Buffer.alloc(0)));
    expect(payloads.map((payload) => payload[0])).toEqual([2, 2, 2, 2]);
    expect(Buffer.concat(payloads.map((payload) => payload.subarray(1)))).toEqual(bytes);
  });

  it("keeps alive by git's own packet", () => {
    expect(keepAlivePkt.toString('latin1')).toBe('0005\x01');
  });
});
