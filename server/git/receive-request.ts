import { isUtf8 } from 'node:buffer';
import type { RefCommand } from '../domain/git.ts';
import type { ByteReader } from './byte-reader.ts';
import { ProtocolError, pktText, readPkt } from './pkt-line.ts';

/** The head of a push, up to its pack (gitprotocol-pack, "Reference Update Request and Packfile Transfer"). */
export interface ReceiveRequest {
  readonly commands: readonly RefCommand[];
  /** Commits whose parents the pusher does not have. */
  readonly shallow: readonly string[];
  readonly capabilities: ReadonlySet<string>;
  /** Push options, `git push -o`. */
  readonly options: readonly string[];
}

/** Room for some 50,000 refs; a head is held in memory, so it has an end. */
const maxHeadBytes = 8 * 2 ** 20;

const commandPattern = /^([0-9a-f]{40}) ([0-9a-f]{40}) ([^\0]+)(?:\0(.*))?$/s;

/** @throws ProtocolError for anything but a well-formed head. */
export async function readReceiveRequest(reader: ByteReader): Promise<ReceiveRequest> {
  const commands: RefCommand[] = [];
  const shallow: string[] = [];
  const capabilities = new Set<string>();
  for (const line of await readSection(reader)) {
    if (line.startsWith('shallow ')) {
      shallow.push(parseShallow(line));
      continue;
    }
    const { command, words } = parseCommand(line);
    // Only the first command carries capabilities; a NUL in a later one would hide what follows it.
    if (commands.length > 0 && words !== undefined) throw new ProtocolError('Only the first command has capabilities.');
    commands.push(command);
    for (const word of words ?? []) capabilities.add(word);
  }
  const options = capabilities.has('push-options') && commands.length > 0 ? await readSection(reader) : [];
  return { commands, shallow, capabilities, options };
}

/** Lines up to a flush packet; none where the stream ends at once. */
async function readSection(reader: ByteReader): Promise<string[]> {
  const lines: string[] = [];
  let bytes = 0;
  for (let pkt = await readPkt(reader); pkt?.kind !== 'flush'; pkt = await readPkt(reader)) {
    if (pkt === undefined && lines.length === 0) break;
    if (pkt?.kind !== 'line') throw new ProtocolError('The request ends before its flush packet.');
    if (!isUtf8(pkt.payload)) throw new ProtocolError('A line of the request is not UTF-8.');
    bytes += pkt.payload.length;
    if (bytes > maxHeadBytes) throw new ProtocolError('The request names too many refs or options at once.');
    lines.push(pktText(pkt.payload));
  }
  return lines;
}

function parseShallow(line: string): string {
  const oid = line.slice('shallow '.length);
  if (!/^[0-9a-f]{40}$/.test(oid)) throw new ProtocolError('A shallow line has no object name.');
  return oid;
}

function parseCommand(line: string): { command: RefCommand; words: readonly string[] | undefined } {
  const [, oldOid, newOid, ref, words] = commandPattern.exec(line) ?? [];
  if (oldOid === undefined || newOid === undefined || ref === undefined) {
    throw new ProtocolError('A command is not "<old> <new> <ref>".');
  }
  return { command: { ref, oldOid, newOid }, words: words?.split(' ').filter((word) => word !== '') };
}
