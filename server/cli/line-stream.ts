import { setTimeout as sleep } from 'node:timers/promises';
import { readError } from './api-client.ts';
import type { CliError } from './cli-error.ts';
import { EventStreamParser } from './event-stream.ts';
import { readText, send } from './http.ts';

const longestPauseMs = 5_000;
/** Longer than the server's keep-alives: a connection that is silent for so long is dead. */
const silenceMs = 45_000;

/**
 * Lines of a stream of the API, each once, over as many connections as it takes: a cut one is taken up after the last line
 * (Last-Event-ID). `open` is asked for the URL anew when the server does not take the old one any more.
 * `isEndless`: the server ends only what it must, e.g. to restart. Otherwise a clean end is the end.
 */
export async function* followLines(options: {
  readonly open: () => Promise<URL>;
  readonly isEndless: boolean;
  readonly signal: AbortSignal;
}): AsyncGenerator<string> {
  const { open, isEndless, signal } = options;
  let url = await open();
  let lastId: string | undefined;
  let wasConnected = false;
  for (let pauseMs = 100; !signal.aborted; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      const response = await send(streamCall(url, lastId), signal);
      const status = response.statusCode ?? 500;
      if (status >= 400) throw new RefusedStream(readError(status, await readText(response, url)));
      wasConnected = true;
      const parser = new EventStreamParser();
      response.setEncoding('utf8');
      for await (const chunk of response) {
        for (const { id, data } of parser.push(String(chunk))) {
          pauseMs = 100;
          lastId = id ?? lastId;
          yield data;
        }
      }
      if (!isEndless) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!wasConnected) throw error instanceof RefusedStream ? error.reason : error;
      // The signature of the URL has run out.
      if (error instanceof RefusedStream) url = await open();
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

class RefusedStream extends Error {
  readonly reason: CliError;

  constructor(reason: CliError) {
    super(reason.message);
    this.reason = reason;
  }
}

function streamCall(url: URL, lastId: string | undefined) {
  const resume = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
  const headers = { Accept: 'text/event-stream', 'User-Agent': 'shipway-cli', ...resume };
  return { method: 'GET', url, headers, timeoutMs: silenceMs } as const;
}

/** Streams are on the platform itself: asked for where the platform was reached, whatever name it has for itself. */
export function streamUrl(baseUrl: URL, given: string): URL {
  const url = new URL(given, baseUrl);
  return url.pathname.startsWith('/streams/') ? new URL(url.pathname + url.search, baseUrl) : url;
}
