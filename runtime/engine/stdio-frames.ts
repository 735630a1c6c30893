import { ShipwayError } from '../../server/domain/error.ts';

/** What a container wrote at once, out of the engine's multiplexed stream. */
export interface StdioFrame {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Buffer;
}

const headerBytes = 8;
/** The engine cuts at 16 KiB (logs) and 32 KiB (attach); anything far beyond is not this protocol. */
const maxFrameBytes = 2 ** 20;

/**
 * Undoes the multiplexing of /attach and /logs: [kind, 0, 0, 0, length as uint32 big endian, payload] (Docker Engine API,
 * "Stream format"). Give it chunks as they come; it answers with the frames that are complete.
 */
export function createFrameReader(): (chunk: Buffer) => StdioFrame[] {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const frames: StdioFrame[] = [];
    while (pending.length >= headerBytes) {
      const end = headerBytes + payloadLength(pending);
      if (pending.length < end) break;
      const stream = pending[0] === 2 ? 'stderr' : 'stdout';
      if (end > headerBytes) frames.push({ stream, bytes: pending.subarray(headerBytes, end) });
      pending = pending.subarray(end);
    }
    return frames;
  };
}

function payloadLength(header: Buffer): number {
  const length = header.readUInt32BE(4);
  if ((header[0] ?? 0) > 2 || length > maxFrameBytes) {
    throw new ShipwayError('internal', `Cannot read the output of a container: frame of ${length} bytes.`);
  }
  return length;
}
