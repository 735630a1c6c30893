import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameReader, type StdioFrame } from '../../../runtime/engine/stdio-frames.ts';

const frame = fc.record({
  stream: fc.constantFrom<StdioFrame['stream']>('stdout', 'stderr'),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

function write({ stream, bytes }: StdioFrame): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream === 'stderr' ? 2 : 1;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

describe('createFrameReader', () => {
  it('gives back every frame, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), fc.integer({ min: 1, max: 500 }), (frames, size) => {
        const read = createFrameReader();
        expect(cut(Buffer.concat(frames.map(write)), size).flatMap(read)).toEqual(frames);
      }),
    );
  });

  it('leaves out empty frames', () => {
    expect(createFrameReader()(write({ stream: 'stdout', bytes: Buffer.alloc(0) }))).toEqual([]);
  });

  it('refuses what is not this protocol, rather than wait for gigabytes', () => {
    expect(() => createFrameReader()(Buffer.from('plain text of a terminal'))).toThrow('Cannot read the output');
    expect(() => createFrameReader()(Buffer.from([1, 0, 0, 0, 0xff, 0, 0, 0]))).toThrow('Cannot read the output');
  });
});
