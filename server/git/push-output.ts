import type { ServerResponse } from 'node:http';
import type { RefResult } from '../domain/git.ts';
import { flushPkt } from './pkt-line.ts';
import { writeReportStatus } from './report-status.ts';
import { keepAlivePkt, writeBand } from './side-band.ts';

/** What a pusher sees while the push goes on, and how it ended. Nothing here fails when the pusher is gone. */
export interface PushOutput {
  /** A line of text: `remote: ...` in the pusher's terminal. */
  tell(line: string): void;
  /** Bytes for the terminal as they are, with their own carriage returns. */
  progress(bytes: Buffer): void;
  /** The report, and the end. */
  finish(unpack: string, results: readonly RefResult[]): void;
}

/** A pusher that reads this much slower than the build writes loses lines, not the server its memory. */
const maxUnsentBytes = 2 ** 20;

export function createPushOutput(
  response: ServerResponse,
  options: { readonly capabilities: ReadonlySet<string>; readonly keepAliveMs: number },
): PushOutput {
  const sideBand = options.capabilities.has('side-band-64k');
  const keepAlive = setInterval(() => send(keepAlivePkt), options.keepAliveMs);
  response.once('close', () => clearInterval(keepAlive));

  /** Text needs a side band, and a pusher who is there and reads. */
  function send(packets: Buffer): void {
    if (!sideBand || response.destroyed || response.writableEnded || response.writableLength > maxUnsentBytes) return;
    response.write(packets);
    keepAlive.refresh();
  }
  return {
    tell: (line) => send(writeBand(2, Buffer.from(`${line.replace(/[\r\n]+/g, ' ')}\n`))),
    progress: (bytes) => send(writeBand(2, bytes)),
    finish(unpack, results) {
      clearInterval(keepAlive);
      if (response.destroyed) return;
      const asked = options.capabilities.has('report-status') || options.capabilities.has('report-status-v2');
      const report = asked ? writeReportStatus(unpack, results) : Buffer.alloc(0);
      response.end(sideBand ? Buffer.concat([writeBand(1, report), flushPkt]) : report);
    },
  };
}
