import { type IncomingMessage, request as requestHttp } from 'node:http';
import { text } from 'node:stream/consumers';
import { CliError } from './cli-error.ts';

/** One call, as plain values. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Silence that ends the call; undefined for streams. */
  readonly timeoutMs: number | undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to the host',
};

function reasonOf(error: unknown): string {
  // A host with several addresses fails with one error for each.
  const one = error instanceof AggregateError ? error.errors[0] : error;
  const code = one instanceof Error && 'code' in one ? String(one.code) : '';
  return reasons[code] ?? (one instanceof Error ? one.message : String(one));
}

function unreachable(url: URL, error: unknown): CliError {
  return new CliError(`Cannot reach Shipway at ${url.origin}: ${reasonOf(error)}.`, {
    exitCode: 7,
    hint: 'Start it with shipway up, or say where it is: SHIPWAY_URL=http://host:port',
  });
}

/** Sends it and answers once the head of the response is there. @throws CliError when nobody answers. */
export async function send(call: HttpCall, signal?: AbortSignal): Promise<IncomingMessage> {
  const { method, url, headers, body, timeoutMs } = call;
  // https is loaded by those who need it.
  const request = url.protocol === 'https:' ? (await import('node:https')).request : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { ...headers }, ...(signal ? { signal } : {}) });
    outgoing.once('response', resolve);
    outgoing.once('error', (error) => reject(signal?.aborted ? error : unreachable(url, error)));
    if (timeoutMs !== undefined) {
      outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    }
    outgoing.end(body);
  });
}

export async function readText(response: IncomingMessage, url: URL): Promise<string> {
  try {
    return await text(response);
  } catch (error) {
    throw unreachable(url, error);
  }
}
