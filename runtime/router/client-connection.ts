import type { Socket } from 'node:net';
import type { Client } from './client.ts';
import type { Timed } from './deadlines.ts';
import { type ErrorPage, writeErrorResponse } from './error-page.ts';
import { Exchange } from './exchange.ts';
import { failures } from './failure.ts';
import { limits } from './limits.ts';
import { PendingBytes } from './pending-bytes.ts';
import { logRefused } from './refused-request.ts';
import { parseRequestHead } from './request-head.ts';
import type { RouterCore } from './router-core.ts';

/** A head up to this long is found in a string, which costs less than looking for its end in the bytes. */
const usualHeadBytes = 2048;
const cr = 0x0d;
const lf = 0x0a;
// What can never become a valid head, however it goes on: a client that waits for an answer to it would wait long.
const hopelessPattern = /[^\r]\n|\r[^\n]|[^\t\r\n\x20-\x7e\x80-\xff]/;

/** One connection of a client: its requests one after the other, and what it sent ahead of its turn. */
export class ClientConnection implements Client, Timed {
  readonly socket: Socket;
  /** The client's IP address. */
  readonly address: string;
  /** Received and not used yet. */
  readonly pending = new PendingBytes();
  deadlineAt: number;
  private readonly core: RouterCore;
  private readonly onGone: (connection: ClientConnection) => void;
  private exchange: Exchange | undefined;
  private reading = false;
  private paused = false;
  /** Answered for the last time: what still comes is read and forgotten. */
  private closing = false;

  constructor(core: RouterCore, socket: Socket, onGone: (connection: ClientConnection) => void) {
    this.core = core;
    this.socket = socket;
    this.onGone = onGone;
    // An IPv4 client on a dual-stack socket.
    this.address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.deadlineAt = performance.now() + core.connectionTimeouts.clientIdleMs;
    core.deadlines.add(this);
    socket.on('data', (chunk: Buffer) => this.onBytes(chunk));
    socket.on('drain', () => this.onDrain());
    socket.on('end', () => this.onEnd());
    socket.on('finish', () => this.onFlushed());
    // 'close' follows, and says all that matters.
    socket.on('error', () => undefined);
    socket.on('close', () => this.onClose());
  }

  get idle(): boolean {
    return this.exchange === undefined && this.pending.length === 0;
  }

  private onBytes(chunk: Buffer): void {
    if (this.closing) return;
    this.pending.append(chunk);
    if (this.exchange === undefined) this.readRequests();
    else this.exchange.sendBody();
  }

  /** Requests are served one at a time, so that pipelined ones are answered in order (RFC 9112 section 9.3.2). */
  private readRequests(): void {
    if (this.reading) return;
    this.reading = true;
    while (this.exchange === undefined && !this.closing && this.pending.length > 0 && !this.socket.writableNeedDrain) {
      if (!this.readRequest()) break;
    }
    this.reading = false;
    this.adjustFlow();
  }

  /** False until a whole head is there. */
  private readRequest(): boolean {
    this.skipEmptyLines();
    const { searched } = this.pending;
    const bytes = this.pending.view();
    let text = bytes.toString('latin1', 0, usualHeadBytes);
    let end = text.indexOf('\r\n\r\n');
    if (end === -1) {
      end = this.pending.headEnd();
      text = bytes.toString('latin1', 0, Math.min(end + 2, limits.requestHead));
    }
    if (end > limits.requestHead || (end === -1 && bytes.length > limits.requestHead)) {
      this.refuse(bytes.toString('latin1', 0, limits.requestHead), 'The request head is longer than 64 KB.');
      return false;
    }
    if (end === -1) {
      const hopeless = bytes[0] === lf || hopelessPattern.test(bytes.toString('latin1', Math.max(0, searched - 1)));
      if (hopeless) this.refuse(bytes.toString('latin1'), 'It holds a bare LF, a bare CR or a control character.');
      return false;
    }
    this.pending.drop(end + 4);
    const head = parseRequestHead(text, end + 2);
    if ('problem' in head) {
      this.refuse(text.slice(0, end + 2), head.problem);
      return false;
    }
    this.exchange = new Exchange(this.core, this, head);
    this.exchange.start();
    return true;
  }

  /** RFC 9112 section 2.2: empty lines before a request line are ignored. */
  private skipEmptyLines(): void {
    const bytes = this.pending.view();
    if (bytes[0] !== cr) return;
    let at = 0;
    while (bytes[at] === cr && bytes[at + 1] === lf) at += 2;
    if (at > 0) this.pending.drop(at);
  }

  private refuse(text: string, problem: string): void {
    const accept = /^accept:(.*)$/im.exec(text)?.[1];
    const bodyBytes = this.answer({
      failure: failures.H26,
      detail: problem,
      accept,
      requestId: undefined,
      head: false,
      keepAlive: false,
    });
    logRefused(this.core, { text, address: this.address, bodyBytes });
    this.close();
  }

  answer(page: ErrorPage): number {
    const { text, bodyBytes } = writeErrorResponse(page);
    this.socket.write(text, 'latin1');
    return bodyBytes;
  }

  endExchange(keepAlive: boolean, now: number): void {
    this.exchange = undefined;
    if (!keepAlive) {
      this.close();
      return;
    }
    this.deadlineAt = now + this.core.connectionTimeouts.clientIdleMs;
    if (this.pending.length > 0) this.readRequests();
    else if (this.paused) this.adjustFlow();
  }

  adjustFlow(): void {
    const pause = this.pending.length > limits.aheadOfTurn || this.exchange?.uploadBlocked === true;
    if (pause === this.paused) return;
    this.paused = pause;
    if (pause) this.socket.pause();
    else this.socket.resume();
  }

  private onDrain(): void {
    if (this.exchange !== undefined) this.exchange.onClientDrain();
    else this.readRequests();
  }

  private onEnd(): void {
    if (this.closing) this.socket.destroySoon();
    else if (this.exchange === undefined) this.close();
    else this.exchange.onClientEnd();
  }

  onDeadline(now: number): void {
    if (this.closing) this.socket.destroy();
    else if (this.exchange !== undefined) this.exchange.onDeadline(now);
    else this.close();
  }

  /**
   * Closes in both directions, in this order: what was written is sent, then the client's bytes are read and forgotten until it
   * closes too or the time for that is over. Closing at once would reset the connection and could take the answer away.
   */
  close(): void {
    if (this.closing) return;
    this.closing = true;
    this.pending.drop(this.pending.length);
    this.adjustFlow();
    this.deadlineAt = performance.now() + this.core.appTimeouts.idleMs;
    this.socket.end();
    if (this.socket.readableEnded) this.socket.destroySoon();
  }

  private onFlushed(): void {
    if (this.closing) this.deadlineAt = performance.now() + this.core.connectionTimeouts.lingerMs;
  }

  cut(reset: boolean): void {
    this.exchange = undefined;
    this.closing = true;
    if (reset) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  private onClose(): void {
    const { exchange } = this;
    this.core.deadlines.delete(this);
    this.closing = true;
    exchange?.onClientClose();
    this.exchange = undefined;
    this.onGone(this);
  }
}
