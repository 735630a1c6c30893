import type { RefResult } from '../domain/git.ts';
import { flushPkt, writePkt } from './pkt-line.ts';

const maxReasonLength = 1000;

/**
 * What the pusher's git prints of a push (gitprotocol-pack, "Report Status"). Version 2 differs by lines for refs that the server
 * renamed on the way, which this one never does: one form serves both.
 */
export function writeReportStatus(unpack: string, results: readonly RefResult[]): Buffer {
  const lines = results.map((result) =>
    result.ok ? `ok ${result.ref}` : `ng ${result.ref} ${oneLine(result.reason)}`,
  );
  return Buffer.concat([
    writePkt(`unpack ${oneLine(unpack)}\n`),
    ...lines.map((line) => writePkt(`${line}\n`)),
    flushPkt,
  ]);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, maxReasonLength);
}
