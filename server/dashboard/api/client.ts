import { createEventReader, type StreamEvent } from '../rules/event-stream.ts';
import type { Connection } from './connection.ts';
import { failureSchema } from './schemas.ts';

/** An answer that is no success. `status` 0: no answer at all. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  /** Heroku's `id` of the error: `not_found`, `unavailable`. */
  readonly code: string;

  constructor(status: number, message: string, code = '') {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** True when nothing can be asked of Shipway; an engine that is away leaves the rest of it. */
  get away(): boolean {
    const refused = this.status >= 502 && this.status <= 504;
    return this.status === 0 || (refused && this.code !== 'engine_unavailable');
  }

  /** True when the same request may work later: the API was away, or busy. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly range?: string;
  readonly signal?: AbortSignal;
}

export interface Client {
  /** The answer's JSON, not yet checked. @throws ApiError */
  readonly send: (request: ApiRequest) => Promise<unknown>;
  /** Events of a stream until the server ends it. @throws ApiError when it does not start or breaks off. */
  readonly events: (
    url: string,
    options: { readonly lastId: string; readonly signal: AbortSignal },
  ) => AsyncGenerator<StreamEvent>;
}

/** Heroku Platform API v3, same origin, with the session's cookie. */
export function createClient(connection: Connection): Client {
  return {
    send: async (request) => {
      const response = await answer(connection, request.path, buildRequest(request));
      return response.status === 204 ? undefined : await readJson(response);
    },
    events: (url, options) => readEvents(connection, url, options),
  };
}

function buildRequest({ method = 'GET', body, range, signal }: ApiRequest): RequestInit {
  const headers: Record<string, string> = { Accept: 'application/vnd.heroku+json; version=3' };
  // A form of another site cannot set this header: the server asks for it on everything that changes something.
  if (method !== 'GET') headers['X-Requested-With'] = 'shipway-dashboard';
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (range !== undefined) headers.Range = range;
  return {
    method,
    headers,
    // Config vars are among the answers: nothing is kept on disk.
    cache: 'no-store',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  };
}

async function answer(connection: Connection, path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted !== true) connection.report(true);
    throw init.signal?.aborted === true ? error : new ApiError(0, 'Cannot reach Shipway.');
  }
  const failure = response.ok ? undefined : await readFailure(response);
  connection.report(failure?.away ?? false);
  if (failure !== undefined) throw failure;
  return response;
}

async function readFailure(response: Response): Promise<ApiError> {
  const { status } = response;
  const failure = failureSchema.safeParse(await readJson(response).catch(() => undefined));
  if (!failure.success) return new ApiError(status, `Shipway answered with status ${status}.`);
  return new ApiError(status, failure.data.message, failure.data.id);
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new ApiError(502, `Shipway answered with something that is not JSON (status ${response.status}).`);
  }
}

async function* readEvents(
  connection: Connection,
  url: string,
  { lastId, signal }: { readonly lastId: string; readonly signal: AbortSignal },
): AsyncGenerator<StreamEvent> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (lastId !== '') headers['Last-Event-ID'] = lastId;
  const response = await answer(connection, sameOrigin(url), { headers, signal, cache: 'no-store' });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const read = createEventReader();
  try {
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read())
      yield* read(part.value);
  } catch (error) {
    throw signal.aborted ? error : new ApiError(0, 'The connection to Shipway broke off.');
  } finally {
    // Whoever stops reading early closes the connection with it.
    await reader?.cancel().catch(() => undefined);
  }
}

/** Stream URLs name the platform's public host; the page may have been opened by another name of it. */
function sameOrigin(url: string): string {
  const { pathname, search } = new URL(url, window.location.origin);
  return `${pathname}${search}`;
}
