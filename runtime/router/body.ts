import { ChunkedScanner } from './chunked-scanner.ts';
import { chunked, type Framing, untilClose } from './framing.ts';

/** Where a message's body ends in the bytes of its connection. */
export interface Body {
  readonly done: boolean;
  /** The end, in `chunk`, of what belongs to this body from `from` on; -1 when its framing is malformed. */
  take(chunk: Buffer, from: number): number;
}

const emptyBody: Body = { done: true, take: (_chunk, from) => from };
const bodyUntilClose: Body = { done: false, take: (chunk) => chunk.length };

export function createBody(framing: Framing): Body {
  if (framing === 0) return emptyBody;
  if (framing === untilClose) return bodyUntilClose;
  return framing === chunked ? new ChunkedBody() : new LengthBody(framing);
}

class LengthBody implements Body {
  private remaining: number;

  constructor(lengthBytes: number) {
    this.remaining = lengthBytes;
  }

  get done(): boolean {
    return this.remaining === 0;
  }

  take(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.remaining);
    this.remaining -= end - from;
    return end;
  }
}

class ChunkedBody implements Body {
  private readonly scanner = new ChunkedScanner();

  get done(): boolean {
    return this.scanner.done;
  }

  take(chunk: Buffer, from: number): number {
    return this.scanner.scan(chunk, from);
  }
}
