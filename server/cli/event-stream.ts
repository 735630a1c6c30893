/** One event of text/event-stream (WHATWG HTML, 9.2.6), as far as lines with places need it. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** Feeds on text as it comes, cut anywhere; answers the events that are complete. */
export class EventStreamParser {
  #rest = '';
  #id: string | undefined;
  #data: string[] = [];
  #isAfterCr = false;

  push(chunk: string): readonly StreamEvent[] {
    const events: StreamEvent[] = [];
    let text = this.#rest + chunk;
    // The two halves of a CR LF may come apart.
    if (this.#isAfterCr && text.startsWith('\n')) text = text.slice(1);
    this.#isAfterCr = text === '' ? this.#isAfterCr : text.endsWith('\r');
    const lines = text.split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = this.#takeLine(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #takeLine(line: string): StreamEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    if (field === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }

  #dispatch(): StreamEvent | undefined {
    if (this.#data.length === 0) return undefined;
    const event = { id: this.#id, data: this.#data.join('\n') };
    this.#data = [];
    return event;
  }
}
