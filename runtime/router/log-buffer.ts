export interface AccessLine {
  readonly appId: string;
  /** Unix ms. */
  readonly at: number;
  readonly text: string;
}

interface EncodedLine {
  readonly appId: string;
  readonly json: string;
}

/**
 * Access log lines on their way to the server, as JSON. While it is away the newest are kept, and of the others their count.
 * A line is encoded at once: as the pieces that it was put together from it would hold on to whole request heads.
 */
export class LogBuffer {
  private readonly capacity: number;
  private lines: EncodedLine[] = [];
  /** Place of the oldest line; the ones before it are dropped or taken. */
  private first = 0;
  private readonly dropped = new Map<string, number>();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get length(): number {
    return this.lines.length - this.first;
  }

  push(line: AccessLine): void {
    this.lines.push({ appId: line.appId, json: JSON.stringify(line) });
    if (this.length <= this.capacity) return;
    const oldest = this.lines[this.first++];
    if (oldest !== undefined) this.dropped.set(oldest.appId, (this.dropped.get(oldest.appId) ?? 0) + 1);
    if (this.first > this.capacity) this.compact();
  }

  /**
   * The oldest `count` lines as JSON, separated by commas. The first call after a loss begins with a line for each app that says
   * how many it lost.
   */
  take(count: number, at: number): string {
    const losses = [...this.dropped].map(([appId, lost]) => {
      const text = `at=warning desc="Log lines dropped while the server was away" dropped=${lost}`;
      return JSON.stringify({ appId, at, text } satisfies AccessLine);
    });
    this.dropped.clear();
    const taken = this.lines.slice(this.first, this.first + count).map((line) => line.json);
    this.first += taken.length;
    this.compact();
    return [...losses, ...taken].join(',');
  }

  private compact(): void {
    this.lines = this.first === this.lines.length ? [] : this.lines.slice(this.first);
    this.first = 0;
  }
}
