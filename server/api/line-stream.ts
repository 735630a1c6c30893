import { once } from 'node:events';
import type { Call } from './route.ts';

/** Numbered lines to a client: `text/event-stream` with the numbers as ids if it accepts that, else plain text. */
export interface LineStream {
  /** Number of the last line that the client has: Last-Event-ID, or `?after=`. */
  readonly after: number | undefined;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** Waits while the client reads more slowly than lines come. */
  write(id: number, text: string): Promise<void>;
  end(): void;
}

const keepAliveMs = 15_000;

/** WHATWG HTML, 9.2.6: each line of an event is a data field. */
function formatEvent(id: number, text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `id: ${id}\n${lines.join('')}\n`;
}

function readPlace(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

export function openLineStream({ request, response }: Call): LineStream {
  const asEvents = String(request.headers.accept ?? '').includes('text/event-stream');
  const closed = new AbortController();
  response.status(200).set({
    'Content-Type': asEvents ? 'text/event-stream; charset=utf-8' : 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  response.flushHeaders();
  const keepAlive = asEvents ? setInterval(() => response.write(': keep-alive\n\n'), keepAliveMs) : undefined;
  response.once('close', () => {
    clearInterval(keepAlive);
    closed.abort();
  });
  return {
    after: readPlace(request.headers['last-event-id']) ?? readPlace(request.query.after),
    signal: closed.signal,
    async write(id, text) {
      if (closed.signal.aborted) return;
      const mayGoOn = response.write(asEvents ? formatEvent(id, text) : `${text}\n`);
      if (!mayGoOn) await once(response, 'drain', { signal: closed.signal }).catch(() => undefined);
    },
    end() {
      clearInterval(keepAlive);
      response.end();
    },
  };
}
