import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ProtocolError } from './pkt-line.ts';

/** A request body as git sends it, inflated where it says gzip. @throws ProtocolError from its iterator when nothing comes for `stallTimeoutMs`. */
export function readBody(request: IncomingMessage, stallTimeoutMs: number): AsyncIterable<Uint8Array> {
  return untilStalled(inflated(request), stallTimeoutMs);
}

function inflated(request: IncomingMessage): AsyncIterable<Uint8Array> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') throw new ProtocolError(`Content-Encoding ${encoding} is unknown.`);
  const gunzip = createGunzip();
  // The error comes out of the gunzip's own iterator.
  pipeline(request, gunzip, () => undefined);
  return gunzip;
}

/** Only the wait for the peer counts, not the time that the consumer takes. */
async function* untilStalled(source: AsyncIterable<Uint8Array>, timeoutMs: number): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  for (;;) {
    const next = await within(chunks.next(), timeoutMs).catch(failed);
    if (next.done) return;
    yield next.value;
  }
}

/** What a peer did (hung up, sent what is no gzip) is its error, not the platform's. */
function failed(error: NodeJS.ErrnoException): never {
  if (error.code?.startsWith('Z_')) throw new ProtocolError('The request body is not gzip.');
  if (error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE') {
    throw new ProtocolError('The connection was lost.');
  }
  throw error;
}

async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  const stalled = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    stalled.reject(new ProtocolError(`The upload stalled: nothing came for ${timeoutMs / 1000} s. Push again.`));
  }, timeoutMs);
  // The read that lost the race fails when the connection goes: nobody waits for it any more.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, stalled.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Passes chunks on until there were more than `maxBytes`; then `onExceeded` makes the error to throw. */
export async function* limitBytes(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  onExceeded: () => Error,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > maxBytes) throw onExceeded();
    yield chunk;
  }
}

/** How much of an upload that nobody wants is still read, so that the peer gets to read the answer. */
const maxDrainBytes = 64 * 2 ** 20;
const maxDrainMs = 10_000;

/**
 * Reads what is left of a request that is already answered. A client that is cut off while it sends may throw the answer away
 * (RFC 9112, section 9.6), so it gets a while; one with too much left is cut off after all.
 */
export async function drain(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => request.destroy(), maxDrainMs);
  let bytes = 0;
  // Away from a gunzip that nobody reads.
  request.unpipe();
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      // Leaving the loop destroys the request.
      if (bytes > maxDrainBytes) break;
    }
  } catch {
    // The peer went first.
  } finally {
    clearTimeout(timer);
  }
}
