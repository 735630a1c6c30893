import type { AppRoute } from '../../server/domain/route.ts';
import type { Backend } from './backend.ts';
import type { Client } from './client.ts';
import { type Failure, failures } from './failure.ts';
import type { Waiting } from './fleet.ts';
import type { Timeouts } from './limits.ts';
import type { RequestHead } from './request-head.ts';
import { hostName } from './route-table.ts';
import type { RouterCore } from './router-core.ts';
import type { Upstream, UpstreamListener } from './upstream.ts';

/** The request that looks for a place. */
export interface Seeker extends UpstreamListener {
  /** A connection to a target is there, and it is the seeker's from here on. */
  onPlaced(upstream: Upstream, now: number): void;
  fail(failure: Failure): void;
}

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
/**
 * Another method only takes a connection that was in use this recently: a target that closes it at the same moment
 * would leave open whether the request was done, and it may not be sent again.
 */
const freshMs = 1000;

/** Finds a connection for one request: matches its host, chooses a target, waits for one, connects, tries the next. */
export class Placement implements UpstreamListener, Waiting {
  /** Undefined: the platform's own host, or nobody's. */
  route: AppRoute | undefined;
  readonly timeouts: Timeouts;
  /** Name of the instance that was tried last. */
  instance = '';
  /** -1: no connection came about. */
  connectMs = -1;
  readonly repeatable: boolean;
  private readonly core: RouterCore;
  private readonly client: Client;
  private readonly host: string;
  private readonly forPlatform: boolean;
  private readonly seeker: Seeker;
  private backend: Backend | undefined;
  private upstream: Upstream | undefined;
  private unreachable: Set<Backend> | undefined;
  /** Those, and targets that did not let it connect soon: they are tried again when there is no other. */
  private avoided: Set<Backend> | undefined;
  private unreachableBecause: Failure = failures.H21;
  private connectStartedAt = 0;
  private heldUntil = 0;
  private held = false;

  constructor(core: RouterCore, client: Client, head: RequestHead, seeker: Seeker) {
    this.core = core;
    this.client = client;
    this.seeker = seeker;
    this.host = hostName(head.host);
    this.repeatable = idempotent.has(head.method);
    this.forPlatform = core.platformHosts.has(this.host);
    this.timeouts = this.forPlatform ? core.platformTimeouts : core.appTimeouts;
  }

  /** Looks up whose host it is. */
  locate(): void {
    if (!this.forPlatform) this.route = this.core.fleet.routes.match(this.host);
  }

  /** Ends in the seeker's `onPlaced` or `fail`, at once or later. */
  seek(now: number): void {
    if (this.forPlatform) {
      this.take(this.core.platform, now);
      return;
    }
    this.locate();
    const failure = this.refusal(this.route);
    const backend = this.choose(this.avoided) ?? this.choose(this.unreachable);
    if (failure !== undefined) this.seeker.fail(failure);
    else if (backend !== undefined) this.take(backend, now);
    else if (this.route?.targets.length === 0) this.hold(now);
    else this.seeker.fail(this.unreachableBecause);
  }

  private choose(except: ReadonlySet<Backend> | undefined): Backend | undefined {
    return this.route && this.core.fleet.choose(this.route.targets, except);
  }

  /** What the route's state alone answers. */
  private refusal(route: AppRoute | undefined): Failure | undefined {
    if (route === undefined) return failures.unknownHost;
    if (route.state === 'maintenance') return failures.H80;
    if (route.targets.length > 0) return undefined;
    if (route.state === 'blank') return failures.H81;
    if (route.state === 'stopped') return failures.H14;
    return route.state === 'crashed' ? failures.H10 : undefined;
  }

  /** The app boots, or wakes: its request waits instead of failing. */
  private hold(now: number): void {
    if (this.route === undefined) return;
    if (this.heldUntil === 0) this.heldUntil = now + this.timeouts.bootMs;
    this.held = true;
    this.client.deadlineAt = this.heldUntil;
    this.core.fleet.wait(this.route.appId, this);
  }

  onRouteChange(): void {
    this.held = false;
    this.seek(performance.now());
  }

  private take(backend: Backend, now: number): void {
    backend.acquire();
    this.backend = backend;
    this.instance = backend.name;
    const idle = backend.takeIdle(this.repeatable ? Number.POSITIVE_INFINITY : freshMs, now);
    if (idle === undefined) {
      this.connectStartedAt = now;
      this.client.deadlineAt = now + Math.min(this.timeouts.connectElsewhereMs, this.timeouts.connectMs);
      this.upstream = backend.connect(this);
    } else this.place(idle, now, 0);
  }

  onUpstreamConnect(): void {
    const now = performance.now();
    if (this.upstream !== undefined) this.place(this.upstream, now, now - this.connectStartedAt);
  }

  private place(upstream: Upstream, now: number, connectMs: number): void {
    this.connectMs = connectMs;
    this.upstream = upstream;
    upstream.serve(this.seeker);
    this.seeker.onPlaced(upstream, now);
  }

  onUpstreamClose(): void {
    this.onUnreachable(failures.H21);
  }

  /** The time for connecting, or for booting, is over. */
  onDeadline(now: number): void {
    const giveUpAt = this.connectStartedAt + this.timeouts.connectMs;
    if (this.held) this.seeker.fail(failures.H20);
    else if (now >= giveUpAt) this.onUnreachable(failures.H19);
    else this.onSlowConnect(now, giveUpAt);
  }

  private onSlowConnect(now: number, giveUpAt: number): void {
    this.locate();
    this.avoided = withBackend(this.avoided, this.backend);
    if (this.choose(this.avoided) === undefined) {
      this.client.deadlineAt = Math.min(giveUpAt, now + this.timeouts.connectElsewhereMs);
      return;
    }
    this.discard();
    this.seek(now);
  }

  /** Nothing was sent yet, so another target may have the request. */
  private onUnreachable(failure: Failure): void {
    const { backend } = this;
    this.discard();
    if (backend === undefined) return;
    if (this.forPlatform) {
      this.seeker.fail(failures.serverAway);
      return;
    }
    this.avoided = withBackend(this.avoided, backend);
    this.unreachable = withBackend(this.unreachable, backend);
    this.unreachableBecause = failure;
    this.seek(performance.now());
  }

  /** The request is done: its connection is kept for the next one, or ended once all is sent. */
  finish(reusable: boolean, keepAliveS: number | undefined, now: number): void {
    const { backend, upstream } = this;
    this.upstream = undefined;
    if (upstream !== undefined && reusable) backend?.keep(upstream, keepAliveS, now);
    else upstream?.destroySoon();
    this.discard();
  }

  /** Gives up whatever was found or waited for. */
  discard(): void {
    if (this.held && this.route !== undefined) this.core.fleet.stopWaiting(this.route.appId, this);
    this.held = false;
    this.upstream?.destroy();
    this.upstream = undefined;
    this.backend?.release();
    this.backend = undefined;
  }

  // A target that talks before it is asked has nothing to say yet: these come once the connection is the seeker's.
  onUpstreamBytes(): void {}
  onUpstreamDrain(): void {}
  onUpstreamEnd(): void {}
}

function withBackend(set: Set<Backend> | undefined, backend: Backend | undefined): Set<Backend> {
  const all = set ?? new Set();
  if (backend !== undefined) all.add(backend);
  return all;
}
