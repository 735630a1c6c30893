import { useEffect, useState } from 'react';
import type { StreamEvent } from '../rules/event-stream.ts';
import { appendLines, emptyBuffer, type LineBuffer } from '../rules/line-buffer.ts';
import { failureText } from './actions.ts';
import { type Follow, follow } from './follow.ts';

export interface LineStream extends Pick<Follow, 'open' | 'isOver'> {
  readonly limit: number;
}

export interface Lines {
  readonly buffer: LineBuffer;
  readonly failure: string | undefined;
}

/** Lines that come within one of these spans are drawn together. */
const batchMs = 60;

/**
 * The newest lines of a stream. `stream` must stay the same object for as long as the same stream is meant: another one
 * empties the buffer and starts anew.
 */
export function useLines(stream: LineStream | undefined): Lines {
  const [buffer, setBuffer] = useState(emptyBuffer);
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    setBuffer(emptyBuffer);
    setFailure(undefined);
    if (stream === undefined) return;
    const end = new AbortController();
    const batch = createBatch((texts) => setBuffer((before) => appendLines(before, texts, stream.limit)));
    follow({ ...stream, signal: end.signal, onEvent: (event) => batch.add(linesOf(event)) }).catch((error: unknown) =>
      setFailure(failureText(error)),
    );
    return () => {
      end.abort();
      batch.stop();
    };
  }, [stream]);

  return { buffer, failure };
}

function linesOf(event: StreamEvent): readonly string[] {
  return event.event === 'message' ? event.data.split('\n') : [];
}

function createBatch(flush: (texts: readonly string[]) => void) {
  let texts: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = () => {
    timer = undefined;
    flush(texts);
    texts = [];
  };
  return {
    add: (more: readonly string[]) => {
      texts.push(...more);
      timer ??= setTimeout(run, batchMs);
    },
    stop: () => clearTimeout(timer),
  };
}
