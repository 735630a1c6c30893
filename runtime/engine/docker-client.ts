import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ZodType } from 'zod';
import { ShipwayError } from '../../server/domain/error.ts';
import { chooseApiVersion } from './api-version.ts';
import { readBody, readJsonLines } from './docker-answer.ts';
import { engineRefused, engineUnreachable } from './docker-errors.ts';
import { type DockerAddress, parseDockerHost } from './docker-host.ts';

// Not imported: an ES import evaluates all that node:http exports, undici with HTTP/2 and TLS among it, 14 MB resident.
const { Agent, request: sendRequest } = process.getBuiltinModule('node:http');

/** One call of the Docker Engine API. Docker's documentation names the paths: /containers/create and so on. */
export interface DockerRequest {
  /** What is being done, for the error's message: `start web.1 of shop`. */
  readonly action: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** A tar stream, sent as it comes. */
  readonly tar?: Readable;
  readonly signal?: AbortSignal;
  /** Longest wait for the head of the answer; 0 for none. Default: one minute. */
  readonly timeoutMs?: number;
}

/** Every call throws ShipwayError: engine_unavailable, or not_found, conflict, internal as the engine answers. */
export interface DockerClient {
  readonly address: DockerAddress;
  apiVersion(): Promise<string>;
  /** For answers that are read as they come. The caller reads or destroys it. */
  stream(request: DockerRequest): Promise<IncomingMessage>;
  json<Value>(schema: ZodType<Value>, request: DockerRequest): Promise<Value>;
  /** JSON values of an answer that goes on, one a line. */
  jsonLines<Value>(schema: ZodType<Value>, request: DockerRequest): AsyncGenerator<Value>;
  /** For answers that hold nothing. */
  call(request: DockerRequest): Promise<void>;
  close(): void;
}

const defaultTimeoutMs = 60_000;
/** Idle sockets are closed by us: dockerd may close its end after some minutes, in the moment of the next request. */
const idleSocketMs = 30_000;

/** Why it is our own: docs/decisions/0002-own-docker-client.md. @throws ShipwayError for a `host` that cannot be read. */
export function createDockerClient(host: string): DockerClient {
  const address = parseDockerHost(host);
  const agent = new Agent({ keepAlive: true, timeout: idleSocketMs });
  let negotiated: Promise<string> | undefined;

  async function send(prefix: string, request: DockerRequest): Promise<IncomingMessage> {
    try {
      return await answerTo(sendRequest({ ...writeRequest(address, prefix, request), agent }), request);
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      negotiated = undefined; // What comes back may be another version.
      throw engineUnreachable(request.action, error);
    }
  }

  async function negotiate(): Promise<string> {
    const request = { action: 'ask for the API version', method: 'GET', path: '/_ping' } as const;
    const response = await send('', request);
    await readBody(response, request.action);
    return chooseApiVersion(response.headers['api-version']?.toString());
  }

  function apiVersion(): Promise<string> {
    negotiated ??= negotiate();
    negotiated.catch(() => {
      negotiated = undefined;
    });
    return negotiated;
  }

  async function stream(request: DockerRequest): Promise<IncomingMessage> {
    const response = await send(`/v${await apiVersion()}`, request);
    const status = response.statusCode ?? 0;
    // 304: already in the state that was asked for.
    if (status < 300 || status === 304) return response;
    throw engineRefused(request.action, status, await readBody(response, request.action));
  }

  const body = async (request: DockerRequest) => readBody(await stream(request), request.action);

  return {
    address,
    apiVersion,
    stream,
    json: async (schema, request) => schema.parse(JSON.parse(await body(request))),
    jsonLines: async function* (schema, request) {
      yield* readJsonLines(await stream(request), schema, request.action);
    },
    call: async (request) => void (await body(request)),
    close: () => agent.destroy(),
  };
}

/** What node:http needs for a request; pure. */
function writeRequest(address: DockerAddress, prefix: string, request: DockerRequest): RequestOptions {
  const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query)}`;
  const contentType = request.tar ? 'application/x-tar' : request.json !== undefined && 'application/json';
  return {
    ...(address.kind === 'unix' ? { socketPath: address.socketPath } : { host: address.host, port: address.port }),
    method: request.method,
    path: `${prefix}${request.path}${query}`,
    headers: { host: 'docker', ...request.headers, ...(contentType && { 'content-type': contentType }) },
    ...(request.signal && { signal: request.signal }),
  };
}

function answerTo(outgoing: ClientRequest, request: DockerRequest): Promise<IncomingMessage> {
  const { tar, json, timeoutMs = defaultTimeoutMs } = request;
  return new Promise((resolve, reject) => {
    const expire = () => outgoing.destroy(new Error(`no answer in ${timeoutMs / 1000} s`));
    const timer = timeoutMs > 0 ? setTimeout(expire, timeoutMs) : undefined;
    const settled = () => clearTimeout(timer);
    outgoing.once('response', resolve).once('response', settled);
    // Errors after the answer's head reach the reader of the answer.
    outgoing.on('error', reject).once('close', settled);
    if (tar === undefined) {
      outgoing.end(json === undefined ? undefined : JSON.stringify(json));
      return;
    }
    tar.once('error', (error) => reject(brokenTar(request.action, error)));
    pipeline(tar, outgoing).catch(reject);
  });
}

function brokenTar(action: string, error: Error): ShipwayError {
  return new ShipwayError('internal', `Cannot ${action}: the files to send broke off (${error.message}).`, {
    cause: error,
  });
}
