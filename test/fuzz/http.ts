import { once } from 'node:events';
import { createServer, METHODS } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { parseArgs } from 'node:util';
import { ChunkedScanner } from '../../runtime/router/chunked-scanner.ts';
import { chunked } from '../../runtime/router/framing.ts';
import { parseRequestHead, type RequestHead } from '../../runtime/router/request-head.ts';
import { createRouter } from '../../runtime/router/router.ts';

/*
 * Differential fuzzing of the router's parser against Node's (llhttp): whatever our parser accepts, Node must accept and
 * understand the same. Then the same bytes go through a whole router, behind which a Node server must never refuse anything.
 */

export interface FuzzReport {
  readonly inputs: number;
  readonly accepted: number;
  /** Inputs on which the two parsers differ. */
  readonly findings: readonly string[];
}

/** What a parser makes of one message. */
interface Reading {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly body: string;
}

/** mulberry32: the same seed gives the same inputs. */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const lines: readonly string[] = [
  'Content-Length: 5',
  'Content-Length: 05',
  'Content-Length: 5, 5',
  'content-length:5 ',
  'Content-Length: +5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: xchunked',
  ' Transfer-Encoding: chunked',
  'Connection: close',
  'Connection: keep-alive, X-A',
  'Connection: Upgrade',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'X-A: b',
  'X-A:',
  'X-A: \x80\xff',
  'TE: trailers',
  'Trailer: X-A',
  'Host: other',
  'Via: 1.0 a',
];
const bodies: readonly string[] = [
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a=b\r\nhello\r\n0\r\nX-A: b\r\n\r\n',
  '0\r\n\r\n',
];
const splices: readonly string[] = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\x7f',
  '\xff',
  '\xa0',
  '0',
  'G',
  '"',
  '\r\n\r\n',
];

function generate(random: (below: number) => number): string {
  const pick = (from: readonly string[]) => from[random(from.length)] ?? '';
  const method = pick(['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
  const target = pick(['/', '/a?b=c', '*', 'http://demo.localhost/a', '/%20', '//', '/a b', '/\xe9']);
  const version = pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2']);
  const fields = Array.from({ length: random(4) }, () => pick(lines));
  let text = `${method} ${target} ${version}\r\nHost: demo.localhost\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
  text += pick(bodies);
  for (let count = random(3); count > 0; count--) {
    const at = random(text.length);
    text = text.slice(0, at) + pick(splices) + text.slice(at + random(2));
  }
  return text;
}

/** Our reading of the first message, or undefined where it is refused or not complete. */
export function readAsRouter(text: string): Reading | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = parseRequestHead(text.slice(0, end + 2));
  // The router answers 417 itself.
  if ('problem' in head || (head.expect !== undefined && head.expect !== '100-continue')) return undefined;
  const body = readBody(head, Buffer.from(text.slice(end + 4), 'latin1'));
  return body === undefined ? undefined : { method: head.method, target: head.target, host: head.host, body };
}

function readBody(head: RequestHead, rest: Buffer): string | undefined {
  if (head.framing !== chunked)
    return rest.length < head.framing ? undefined : rest.toString('latin1', 0, head.framing);
  const scanner = new ChunkedScanner();
  let body = '';
  const end = scanner.scan(rest, 0, (from, to) => {
    body += rest.toString('latin1', from, to);
  });
  return end === -1 || !scanner.done ? undefined : body;
}

interface NodeReader {
  readonly port: number;
  /** What it read last, and how many requests it has refused. */
  readonly readings: Reading[];
  refusals(): number;
  close(): void;
}

async function startNodeReader(): Promise<NodeReader> {
  const readings: Reading[] = [];
  let refusals = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      readings.push({
        method: request.method ?? '',
        target: request.url ?? '',
        host: request.headers.host ?? '',
        body,
      });
      response.end('ok');
    });
  });
  // Without this an Upgrade would take the connection out of the server's hands.
  server.on('upgrade', (_request, socket) => socket.destroy());
  server.on('clientError', (_error, socket) => {
    refusals++;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    readings,
    refusals: () => refusals,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Sends `text`, ends, and waits until the other side has closed too. */
async function exchange(port: number, text: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(text, 'latin1');
  const quiet = setTimeout(() => socket.destroy(), 250);
  socket.once('data', () => socket.end());
  await once(socket, 'close');
  clearTimeout(quiet);
}

/** Stops after `seconds`, or after `inputs` inputs when that is given. */
export async function fuzzHttp(options: {
  readonly seconds: number;
  readonly seed: number;
  readonly inputs?: number;
}): Promise<FuzzReport> {
  const random = createRandom(options.seed);
  const reader = await startNodeReader();
  const router = createRouter({
    publicPort: 80,
    platformHosts: ['demo.localhost'],
    platformTarget: { host: '127.0.0.1', port: reader.port },
    logAccess: () => undefined,
    onDrained: () => undefined,
  });
  const { port } = await router.listen({ host: '127.0.0.1', port: 0 });
  const findings: string[] = [];
  const until = performance.now() + options.seconds * 1000;
  let inputs = 0;
  let accepted = 0;
  while (performance.now() < until && inputs < (options.inputs ?? Number.POSITIVE_INFINITY)) {
    inputs++;
    const text = generate(random);
    const ours = readAsRouter(text);
    if (ours === undefined) {
      // What we refuse must not reach a target: nothing but a small share is sent, refusals are many.
      if (random(20) === 0) await checkRouter(port, reader, text, findings);
      continue;
    }
    accepted++;
    // Methods can be extended (RFC 9110 section 16.1): ours takes any token, Node a list. And Node hands an Upgrade over unread.
    if (!METHODS.includes(ours.method) || /^upgrade/im.test(text)) continue;
    await checkNode(reader, text, ours, findings);
    await checkRouter(port, reader, text, findings);
  }
  await router.stop({ graceMs: 0, idleGraceMs: 0 });
  reader.close();
  return { inputs, accepted, findings };
}

async function checkNode(reader: NodeReader, text: string, ours: Reading, findings: string[]): Promise<void> {
  reader.readings.length = 0;
  await exchange(reader.port, text);
  const [theirs] = reader.readings;
  // Node leaves an absolute target as it is.
  const target = theirs?.target.replace(/^https?:\/\/[^/?]+/i, '') || '/';
  if (theirs === undefined) findings.push(`Node refuses what we take: ${JSON.stringify(text)}`);
  else if (JSON.stringify({ ...theirs, target }) !== JSON.stringify(ours)) {
    findings.push(`Node reads ${JSON.stringify(theirs)}, we read ${JSON.stringify(ours)}: ${JSON.stringify(text)}`);
  }
}

/** The server behind the router must be able to read all that the router lets through. */
async function checkRouter(port: number, reader: NodeReader, text: string, findings: string[]): Promise<void> {
  const before = reader.refusals();
  await exchange(port, text);
  if (reader.refusals() > before && !isCutShort(text))
    findings.push(`Node refuses what the router forwards: ${JSON.stringify(text)}`);
}

/** A request whose body never ends, or breaks: its target sees the connection close, which is as it should be. */
function isCutShort(text: string): boolean {
  return readAsRouter(text) === undefined;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const report = await fuzzHttp({ seconds: Number(values.seconds ?? 10), seed });
  process.stdout.write(
    `seed ${seed}: ${report.inputs} inputs, ${report.accepted} accepted, ${report.findings.length} findings\n`,
  );
  for (const finding of report.findings) process.stdout.write(`${finding}\n`);
  process.exitCode = report.findings.length === 0 ? 0 : 1;
}
