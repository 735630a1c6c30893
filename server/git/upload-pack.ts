import { pipeline } from 'node:stream/promises';
import type { Repositories } from '../domain/git.ts';
import { type GitExchange, noCache } from './git-exchange.ts';
import { gitEnded, spawnGit } from './git-process.ts';
import { flushPkt, ProtocolError, writePkt } from './pkt-line.ts';
import { drain, limitBytes, readBody } from './request-body.ts';

export interface UploadPackOptions {
  readonly repositories: Repositories;
  readonly stallTimeoutMs: number;
  readonly log: (text: string) => void;
}

/** What a fetch wants and has, inflated: some 600,000 object names. */
const maxRequestBytes = 32 * 2 ** 20;

/** Value of the Git-Protocol header (gitprotocol-v2, "HTTP Transport"); it becomes a variable of git's environment. */
const protocolPattern = /^version=[0-2](:[a-z0-9=._-]{1,40}){0,4}$/;

/** Clones and fetches are git's own: `GET info/refs?service=git-upload-pack`. */
export async function advertiseUploadPack(options: UploadPackOptions, exchange: GitExchange): Promise<void> {
  const { response } = exchange;
  await options.repositories.create(exchange.app.id);
  response.writeHead(200, { ...noCache, 'Content-Type': 'application/x-git-upload-pack-advertisement' });
  const env = protocolEnvironment(exchange);
  // Version 2 answers without the service line (gitprotocol-v2, "Initial Client Request").
  if (!env.GIT_PROTOCOL?.startsWith('version=2')) {
    response.write(Buffer.concat([writePkt('# service=git-upload-pack\n'), flushPkt]));
  }
  await serve(options, exchange, ['--advertise-refs'], noBytes());
}

/** `POST git-upload-pack`. */
export async function uploadPack(options: UploadPackOptions, exchange: GitExchange): Promise<void> {
  const { request, response } = exchange;
  const body = readBody(request, options.stallTimeoutMs);
  response.writeHead(200, { ...noCache, 'Content-Type': 'application/x-git-upload-pack-result' });
  const tooMuch = () => new ProtocolError('The request is too large.');
  await serve(options, exchange, [], limitBytes(body, maxRequestBytes, tooMuch));
  await drain(request);
}

/** Connects a git to the exchange. Whichever of the two ends first takes the other with it. */
async function serve(
  options: UploadPackOptions,
  exchange: GitExchange,
  flags: readonly string[],
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { app, response } = exchange;
  const path = options.repositories.pathOf(app.id);
  const args = ['upload-pack', '--stateless-rpc', ...flags, path];
  const child = spawnGit(path, args, { env: protocolEnvironment(exchange) });
  const ended = gitEnded(child, args);
  // git sends a packet every 5 s while it counts: nothing at all means that the other side no longer reads.
  response.setTimeout(options.stallTimeoutMs, () => response.destroy());
  try {
    await Promise.all([pipeline(body, child.stdin), pipeline(child.stdout, response)]);
  } catch {
    response.destroy();
  } finally {
    child.kill('SIGKILL');
  }
  const { exitCode, stderr } = await ended.catch(() => ({ exitCode: 0, stderr: '' }));
  if (exitCode !== 0) options.log(`git upload-pack of ${app.name} ended with ${exitCode}: ${stderr.trim()}`);
}

function protocolEnvironment({ request }: GitExchange): { readonly GIT_PROTOCOL?: string } {
  const header = request.headers['git-protocol'];
  return typeof header === 'string' && protocolPattern.test(header) ? { GIT_PROTOCOL: header } : {};
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}
