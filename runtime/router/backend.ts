import type { Deadlines } from './deadlines.ts';
import { type Address, Upstream, type UpstreamListener } from './upstream.ts';

/**
 * Where requests are sent to, with its idle connections and the count of its requests in flight: a target of an app, or the
 * platform's server.
 */
export class Backend {
  /** The engine's instance id; empty for the platform's server. */
  readonly instanceId: string;
  /** `web.1`, for the log line. */
  readonly name: string;
  readonly address: Address;
  inFlight = 0;
  private readonly open = new Set<Upstream>();
  private readonly idle: Upstream[] = [];
  private readonly deadlines: Deadlines;
  private readonly keepAliveMs: number;
  private onDrained: (() => void) | undefined;

  constructor(options: {
    readonly instanceId: string;
    readonly name: string;
    readonly address: Address;
    readonly deadlines: Deadlines;
    readonly keepAliveMs: number;
  }) {
    this.instanceId = options.instanceId;
    this.name = options.name;
    this.address = options.address;
    this.deadlines = options.deadlines;
    this.keepAliveMs = options.keepAliveMs;
  }

  /** The connection that was used last, unless it has been idle for longer than `maxIdleMs`. */
  takeIdle(maxIdleMs: number, now: number): Upstream | undefined {
    const upstream = this.idle.at(-1);
    if (upstream === undefined || now - upstream.idleSince > maxIdleMs) return undefined;
    this.idle.pop();
    return upstream;
  }

  connect(listener: UpstreamListener): Upstream {
    const upstream = new Upstream({
      address: this.address,
      deadlines: this.deadlines,
      listener,
      onGone: (gone) => {
        this.open.delete(gone);
        const place = this.idle.indexOf(gone);
        if (place !== -1) this.idle.splice(place, 1);
      },
    });
    this.open.add(upstream);
    return upstream;
  }

  /** Takes a connection back for the next request. `closesAfterS`: when the target said that it will close it. */
  keep(upstream: Upstream, closesAfterS: number | undefined, now: number): void {
    // A second early: a request must not meet the target's close on its way.
    const targetMs = closesAfterS === undefined ? this.keepAliveMs : (closesAfterS - 1) * 1000;
    const keepMs = Math.min(this.keepAliveMs, targetMs);
    if (this.onDrained !== undefined || keepMs <= 0) {
      upstream.destroy();
      return;
    }
    upstream.rest(now, now + keepMs);
    this.idle.push(upstream);
  }

  acquire(): void {
    this.inFlight++;
  }

  release(): void {
    this.inFlight--;
    if (this.inFlight === 0) this.onDrained?.();
  }

  /**
   * No new request comes: requests that are still connecting seek another place, idle connections are closed, and `onDrained`
   * hears when the last request is over.
   */
  retire(onDrained: () => void): void {
    for (const upstream of [...this.open]) upstream.giveUpConnecting();
    this.onDrained = onDrained;
    for (const upstream of this.idle.splice(0)) upstream.destroy();
    if (this.inFlight === 0) onDrained();
  }
}
