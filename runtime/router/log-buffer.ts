const linesInBatch = 200;
const batchBytes = 65_536;
const batchHead = '{"type":"log","lines":[';
const batchTail = ']}\n';

interface Batch {
  /** A whole report, as it is sent. */
  readonly report: Buffer;
  /** The app of each line. */
  readonly appIds: readonly string[];
}

/**
 * Access log lines on their way to the server. Each is encoded at once: put off, it would cost more, and the pieces that it is put
 * together from would hold on to whole request heads. While the server is away the newest batches are kept, and of the lines of
 * the others their count.
 */
export class LogBuffer {
  private readonly maxBatches: number;
  private readonly batches: Batch[] = [];
  private readonly dropped = new Map<string, number>();
  private readonly open = Buffer.allocUnsafeSlow(batchBytes);
  private openLength = 0;
  private openAppIds: string[] = [];

  constructor(options: { readonly maxLines: number }) {
    this.maxBatches = Math.ceil(options.maxLines / linesInBatch);
  }

  /** True when there are enough for a report. */
  get full(): boolean {
    return this.batches.length > 0;
  }

  /** `at` is unix ms, `text` as formatAccess has it. */
  push(appId: string, at: number, text: string): void {
    const line = `{"appId":"${appId}","at":${at},"text":"${text}"}`;
    if (this.openLength + line.length + batchTail.length + 1 > batchBytes) this.closeBatch();
    // In one call: the line's separator alone would cost half as much as the line.
    this.append((this.openAppIds.length === 0 ? batchHead : ',') + line);
    this.openAppIds.push(appId);
    if (this.openAppIds.length === linesInBatch) this.closeBatch();
  }

  /** The next report to send. After a loss the first one says to each app how many lines it lost. */
  take(at: number): Buffer | undefined {
    if (this.dropped.size > 0) {
      const lines = [...this.dropped].map(([appId, lost]) => {
        const text = `at=warning desc="Log lines dropped while the server was away" dropped=${lost}`;
        return JSON.stringify({ appId, at, text });
      });
      this.dropped.clear();
      return Buffer.from(`${batchHead}${lines.join(',')}${batchTail}`);
    }
    if (this.batches.length === 0) this.closeBatch();
    return this.batches.shift()?.report;
  }

  private append(text: string): void {
    this.openLength += this.open.write(text, this.openLength, 'latin1');
  }

  private closeBatch(): void {
    if (this.openAppIds.length === 0) return;
    this.append(batchTail);
    this.batches.push({ report: Buffer.from(this.open.subarray(0, this.openLength)), appIds: this.openAppIds });
    this.openLength = 0;
    this.openAppIds = [];
    if (this.batches.length <= this.maxBatches) return;
    for (const appId of this.batches.shift()?.appIds ?? []) {
      this.dropped.set(appId, (this.dropped.get(appId) ?? 0) + 1);
    }
  }
}
