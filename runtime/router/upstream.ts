import { connect, type Socket } from 'node:net';
import type { Deadlines, Timed } from './deadlines.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * All targets' connections read into this one buffer, which is used up before the next read: a buffer for each read would be a
 * tenth of the router's CPU, and most of its memory.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** What the request on an upstream connection hears from it. */
export interface UpstreamListener {
  onUpstreamConnect(): void;
  /** `chunk` holds what it holds until this returns: what is to stay is copied. */
  onUpstreamBytes(chunk: Buffer): void;
  onUpstreamDrain(): void;
  /** The target sends no more. */
  onUpstreamEnd(): void;
  onUpstreamClose(error: Error | undefined): void;
}

/** One connection to a target: busy with one request, or idle. */
export class Upstream implements Timed {
  readonly socket: Socket;
  /** It has answered a request before, so the target may be closing it at this moment. */
  reused = false;
  idleSince = 0;
  deadlineAt = Number.POSITIVE_INFINITY;
  private listener: UpstreamListener | undefined;
  private readonly onGone: (upstream: Upstream) => void;
  private error: Error | undefined;

  constructor(options: {
    readonly address: Address;
    readonly deadlines: Deadlines;
    readonly listener: UpstreamListener;
    readonly onGone: (upstream: Upstream) => void;
  }) {
    this.listener = options.listener;
    this.onGone = options.onGone;
    options.deadlines.add(this);
    this.socket = connect({
      ...options.address,
      noDelay: true,
      allowHalfOpen: true,
      onread: { buffer: readBuffer, callback: (count) => this.onRead(count) },
    });
    // 'end' is only told to a stream that flows.
    this.socket.resume();
    this.socket.on('connect', () => this.listener?.onUpstreamConnect());
    this.socket.on('drain', () => this.listener?.onUpstreamDrain());
    this.socket.on('end', () => {
      if (this.listener === undefined) this.destroy();
      else this.listener.onUpstreamEnd();
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
    this.socket.on('close', () => {
      options.deadlines.delete(this);
      this.onGone(this);
      this.listener?.onUpstreamClose(this.error);
    });
  }

  private onRead(count: number): boolean {
    // Bytes that no request asked for: whatever they are, the next request must not take them for its answer.
    if (this.listener === undefined) this.destroy();
    else this.listener.onUpstreamBytes(readBuffer.subarray(0, count));
    return true;
  }

  onDeadline(): void {
    this.destroy();
  }

  /** Idle from now on. */
  rest(now: number, until: number): void {
    this.listener = undefined;
    this.reused = true;
    this.idleSince = now;
    this.deadlineAt = until;
  }

  serve(listener: UpstreamListener): void {
    this.listener = listener;
    this.deadlineAt = Number.POSITIVE_INFINITY;
  }

  /** Ends it without telling the request that had it. */
  destroy(): void {
    this.listener = undefined;
    this.onGone(this);
    this.socket.destroy();
  }

  /** Nothing will answer at the address any more: a request that waits for the connection hears so now, not in seconds. */
  giveUpConnecting(): void {
    if (!this.socket.connecting) return;
    const { listener } = this;
    this.destroy();
    listener?.onUpstreamClose(undefined);
  }

  /** The same, once all that was written is sent. */
  destroySoon(): void {
    this.listener = undefined;
    this.socket.destroySoon();
  }
}
