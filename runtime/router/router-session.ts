import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { RouterCommand, RouterReport } from '../../server/domain/route.ts';
import { createLineSplitter } from './message-lines.ts';

const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), routerId: z.string(), pid: z.number(), version: z.number() }),
  z.object({ type: z.literal('ack'), version: z.number(), draining: z.array(z.string()) }),
  z.object({ type: z.literal('drained'), instanceId: z.string() }),
  z.object({
    type: z.literal('log'),
    lines: z.array(z.object({ appId: z.string(), at: z.number(), text: z.string() })),
  }),
]);

/** An access log line; `at` is unix ms. */
export type AccessLine = Extract<RouterReport, { type: 'log' }>['lines'][number];

interface Waiting {
  readonly isOver: () => boolean;
  readonly resolve: () => void;
}

/** One connected router, as the server sees it. */
export class RouterSession {
  routerId = 'unknown';
  greeted = false;
  helloVersion = 0;
  private readonly socket: Duplex;
  private readonly ackTimeoutMs: number;
  private sentVersion = 0;
  private ackedVersion = 0;
  private draining = new Set<string>();
  private waitings: Waiting[] = [];
  private closed = false;

  constructor(options: {
    readonly socket: Duplex;
    readonly ackTimeoutMs: number;
    readonly onHello: () => void;
    readonly onLog: (lines: readonly AccessLine[]) => void;
    readonly onClose: (reason: string) => void;
  }) {
    this.socket = options.socket;
    this.ackTimeoutMs = options.ackTimeoutMs;
    const split = createLineSplitter();
    let reason = 'it closed the connection';
    const decoder = new TextDecoder();
    this.socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of split(decoder.decode(chunk, { stream: true }))) this.onReport(line, options);
      } catch (error) {
        this.socket.destroy(error instanceof Error ? error : undefined);
      }
    });
    this.socket.on('error', (error) => {
      reason = error.message;
    });
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => {
      this.closed = true;
      this.wake();
      options.onClose(reason);
    });
  }

  private onReport(
    line: string,
    listener: { readonly onHello: () => void; readonly onLog: (lines: readonly AccessLine[]) => void },
  ): void {
    const report = reportSchema.parse(JSON.parse(line));
    if (report.type === 'log') listener.onLog(report.lines);
    else if (report.type === 'hello') {
      this.routerId = report.routerId;
      this.helloVersion = report.version;
      this.greeted = true;
      listener.onHello();
    } else if (report.type === 'ack') {
      this.ackedVersion = report.version;
      this.draining = new Set(report.draining);
      this.wake();
    } else {
      this.draining.delete(report.instanceId);
      this.wake();
    }
  }

  /** Resolves when the router has applied it or is gone. One that takes too long is cut off: it must not hold up a rollout. */
  async send(command: RouterCommand): Promise<void> {
    // Before its hello it gets nothing: the table that it is sent then has all of it.
    if (!this.greeted || this.closed) return;
    const version = command.type === 'table' ? command.table.version : command.version;
    this.sentVersion = version;
    this.socket.write(`${JSON.stringify(command)}\n`);
    const late = setTimeout(() => {
      this.socket.destroy(new Error(`it did not acknowledge version ${version} in ${this.ackTimeoutMs} ms`));
    }, this.ackTimeoutMs);
    await this.until(() => this.ackedVersion >= version);
    clearTimeout(late);
  }

  /** Resolves when the router has applied all that it was sent and has no request in flight on the instance, or is gone. */
  drained(instanceId: string): Promise<void> {
    return this.until(() => this.greeted && this.ackedVersion >= this.sentVersion && !this.draining.has(instanceId));
  }

  private until(isOver: () => boolean): Promise<void> {
    if (this.closed || isOver()) return Promise.resolve();
    return new Promise((resolve) => {
      this.waitings.push({ isOver, resolve });
    });
  }

  private wake(): void {
    const waitings = this.waitings;
    this.waitings = [];
    for (const waiting of waitings) {
      if (this.closed || waiting.isOver()) waiting.resolve();
      else this.waitings.push(waiting);
    }
  }
}
