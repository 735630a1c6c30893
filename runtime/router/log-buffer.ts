export interface AccessLine {
  readonly appId: string;
  /** Unix ms. */
  readonly at: number;
  readonly text: string;
}

/** Access log lines on their way to the server. While it is away the newest are kept, and of the others their count. */
export class LogBuffer {
  private readonly capacity: number;
  private lines: AccessLine[] = [];
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
    this.lines.push(line);
    if (this.length <= this.capacity) return;
    const oldest = this.lines[this.first++];
    if (oldest !== undefined) this.dropped.set(oldest.appId, (this.dropped.get(oldest.appId) ?? 0) + 1);
    if (this.first > this.capacity) this.compact();
  }

  /** The oldest `count` lines. The first call after a loss begins with a line for each app that says how many it lost. */
  take(count: number, at: number): readonly AccessLine[] {
    const losses = [...this.dropped].map(([appId, lost]) => ({
      appId,
      at,
      text: `at=warning desc="Log lines dropped while the server was away" dropped=${lost}`,
    }));
    this.dropped.clear();
    const taken = this.lines.slice(this.first, this.first + count);
    this.first += taken.length;
    this.compact();
    return losses.length === 0 ? taken : [...losses, ...taken];
  }

  private compact(): void {
    this.lines = this.first === this.lines.length ? [] : this.lines.slice(this.first);
    this.first = 0;
  }
}
