import type { Socket } from 'node:net';
import { type Body, createBody } from './body.ts';
import { ChunkedScanner } from './chunked-scanner.ts';
import { type Failure, failures } from './failure.ts';
import { writeResponseHead } from './forwarded-head.ts';
import { chunked, untilClose } from './framing.ts';
import { limits } from './limits.ts';
import { PendingBytes } from './pending-bytes.ts';
import type { RequestHead } from './request-head.ts';
import { parseResponseHead, type ResponseHead } from './response-head.ts';

/** Below this a head and the body that came with it are written as one string: one copy is cheaper than a second buffer. */
const joinBytes = 16_384;

/** `more`: the response goes on. `done`: it is complete. `switched`: the connection is a tunnel from here on. */
export type RelayOutcome = 'more' | 'done' | 'switched' | Failure;

/** What came with a head: the same bytes twice, and where they go on after it. */
interface AfterHead {
  readonly bytes: Buffer;
  readonly text: string;
  readonly from: number;
}

/** Passes one response from a target to the client: its head rewritten, its body as it came. */
export class ResponseRelay {
  head: ResponseHead | undefined;
  /** Body bytes passed to the client, with their framing. */
  bytes = 0;
  /** The client takes no more for now. */
  blocked = false;
  /** Whether the client's connection goes on after this response; known with its head. */
  clientKeepAlive = false;
  /** The target sent more than this response: its connection is not to be used again. */
  overrun = false;
  private body: Body | undefined;
  private partialHead: PendingBytes | undefined;
  private readonly client: Socket;
  private readonly request: RequestHead;
  private readonly mayKeepAlive: () => boolean;

  /** `mayKeepAlive`: asked when the head is written. */
  constructor(client: Socket, request: RequestHead, mayKeepAlive: () => boolean) {
    this.client = client;
    this.request = request;
    this.mayKeepAlive = mayKeepAlive;
  }

  /** Whether the target has sent anything. */
  get begun(): boolean {
    return this.head !== undefined || this.partialHead !== undefined;
  }

  get endsWithConnection(): boolean {
    return this.head?.framing === untilClose;
  }

  feed(chunk: Buffer): RelayOutcome {
    return this.body === undefined ? this.feedHead(chunk) : this.feedBody(this.body, chunk);
  }

  private feedHead(chunk: Buffer): RelayOutcome {
    const bytes = this.partialHead === undefined ? chunk : this.appendToHead(this.partialHead, chunk);
    if (bytes === undefined) return 'more';
    const text = bytes.toString('latin1');
    let from = 0;
    let end = text.indexOf('\r\n\r\n');
    while (end !== -1) {
      if (end - from > limits.responseHead) return failures.H25;
      const head = parseResponseHead(text, this.request.method, from, end + 2);
      if (head === 'malformed') return failures.H17;
      if (head === 'over-limit') return failures.H25;
      from = end + 4;
      if (head.status >= 200 || head.status === 101) return this.begin(head, { bytes, text, from });
      this.passInterim(head);
      end = text.indexOf('\r\n\r\n', from);
    }
    if (bytes.length - from > limits.responseHead) return failures.H25;
    this.partialHead = new PendingBytes();
    this.partialHead.append(Buffer.from(bytes.subarray(from)));
    return 'more';
  }

  /** What there is of the head so far, once it is all of it or too much. */
  private appendToHead(partial: PendingBytes, chunk: Buffer): Buffer | undefined {
    partial.append(Buffer.from(chunk));
    const whole = partial.headEnd() !== -1 || partial.length > limits.responseHead;
    return whole ? partial.view() : undefined;
  }

  /** 1xx. The router itself has answered `Expect: 100-continue`, and HTTP/1.0 has no interim responses. */
  private passInterim(head: ResponseHead): void {
    if (head.status !== 100 && this.request.minorVersion === 1) {
      this.client.write(writeResponseHead(head, true), 'latin1');
    }
  }

  private begin(received: ResponseHead, rest: AfterHead): RelayOutcome {
    const { request } = this;
    const dechunk = received.framing === chunked && request.minorVersion === 0;
    const head = dechunk ? withoutChunked(received) : received;
    this.partialHead = undefined;
    this.head = head;
    if (head.status === 101) return this.switchProtocols(head, rest);
    this.body = dechunk ? new DechunkedBody(this.client) : createBody(received.framing);
    this.clientKeepAlive = request.keepAlive && head.framing !== untilClose && this.mayKeepAlive();
    const text = writeResponseHead(head, this.clientKeepAlive);
    if (dechunk) {
      this.client.write(text, 'latin1');
      return this.feedBody(this.body, rest.bytes.subarray(rest.from));
    }
    const end = this.body.take(rest.bytes, rest.from);
    if (end === -1) {
      this.client.write(text, 'latin1');
      return failures.H17;
    }
    this.write(text, rest, end);
    return this.afterBody(this.body, rest.bytes, end);
  }

  /** The head alone, or with the body bytes that came along. */
  private write(head: string, { bytes, text, from }: AfterHead, end: number): void {
    this.bytes += end - from;
    if (end - from <= joinBytes) {
      this.blocked = !this.client.write(end === from ? head : head + text.slice(from, end), 'latin1');
      return;
    }
    this.client.cork();
    this.client.write(head, 'latin1');
    this.blocked = !this.client.write(Buffer.from(bytes.subarray(from, end)));
    this.client.uncork();
  }

  private feedBody(body: Body, chunk: Buffer): RelayOutcome {
    const end = body.take(chunk, 0);
    if (end === -1) return failures.H17;
    if (body instanceof DechunkedBody) {
      this.bytes = body.bytes;
      this.blocked = this.client.writableNeedDrain;
    } else if (end > 0) {
      this.bytes += end;
      this.blocked = !this.client.write(Buffer.from(chunk.subarray(0, end)));
    }
    return this.afterBody(body, chunk, end);
  }

  private afterBody(body: Body, chunk: Buffer, end: number): RelayOutcome {
    this.overrun = end < chunk.length;
    return body.done ? 'done' : 'more';
  }

  private switchProtocols(head: ResponseHead, rest: AfterHead): RelayOutcome {
    if (this.request.upgrade === undefined || head.upgrade === undefined) {
      this.head = undefined;
      return failures.H17;
    }
    this.write(writeResponseHead(head, true), rest, rest.bytes.length);
    return 'switched';
  }
}

/** An HTTP/1.0 client cannot read chunks: it gets their content, ended by the connection (RFC 9112 section 6.1). */
class DechunkedBody implements Body {
  bytes = 0;
  private readonly scanner = new ChunkedScanner();
  private readonly client: Socket;

  constructor(client: Socket) {
    this.client = client;
  }

  get done(): boolean {
    return this.scanner.done;
  }

  take(chunk: Buffer, from: number): number {
    return this.scanner.scan(chunk, from, (start, end) => {
      this.bytes += end - start;
      this.client.write(Buffer.from(chunk.subarray(start, end)));
    });
  }
}

function withoutChunked(head: ResponseHead): ResponseHead {
  const fields = head.fields.replace(/^(?:transfer-encoding|trailer):.*\r\n/gim, '');
  return { ...head, fields };
}
