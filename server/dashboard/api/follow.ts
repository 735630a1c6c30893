import type { StreamEvent } from '../rules/event-stream.ts';
import { ApiError } from './client.ts';

const firstWaitMs = 500;
const longestWaitMs = 10_000;

export interface Follow {
  /** Opens the stream after the event with this id; called again after each break. */
  readonly open: (lastId: string, signal: AbortSignal) => AsyncIterable<StreamEvent>;
  readonly onEvent: (event: StreamEvent) => void;
  /** Asked when the stream ended without an error: true for the true end, false for one more round. */
  readonly isOver: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Reads a stream to its end across breaks, each event once. @throws ApiError that is not worth a retry. */
export async function follow({ open, onEvent, isOver, signal }: Follow): Promise<void> {
  let lastId = '';
  let waitMs = firstWaitMs;
  while (!signal.aborted) {
    try {
      for await (const event of open(lastId, signal)) {
        lastId = event.id;
        waitMs = firstWaitMs;
        onEvent(event);
      }
      if (await isOver()) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError) || !error.retryable) throw error;
    }
    await pause(waitMs, signal);
    waitMs = Math.min(waitMs * 2, longestWaitMs);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
