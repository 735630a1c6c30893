export interface StreamEvent {
  /** Last `id` seen so far on the stream; empty before the first one. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/**
 * Reads `text/event-stream` (WHATWG HTML, 9.2.6) from chunks that may end anywhere. Unlike EventSource, whoever reads by
 * `fetch` sees the status of an answer, so that 401 and 404 are not retried for ever.
 */
export function createEventReader(): (chunk: string) => readonly StreamEvent[] {
  let rest = '';
  let id = '';
  let event = '';
  let data: string[] = [];

  const readLine = (line: string): StreamEvent | undefined => {
    if (line === '') {
      const complete = data.length === 0 ? undefined : { id, event: event || 'message', data: data.join('\n') };
      event = '';
      data = [];
      return complete;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    if (field === 'event') event = value;
    if (field === 'id' && !value.includes('\0')) id = value;
    return undefined;
  };

  return (chunk) => {
    rest += chunk;
    // A carriage return at the very end may be the first half of CRLF: it waits for the next chunk.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    return lines.map(readLine).filter((complete) => complete !== undefined);
  };
}
