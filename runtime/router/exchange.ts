import { randomUUID } from 'node:crypto';
import { formatAccess } from './access-log.ts';
import { type Body, createBody } from './body.ts';
import type { Client } from './client.ts';
import { type Failure, failures } from './failure.ts';
import { writeRequestHead } from './forwarded-head.ts';
import { Placement, type Seeker } from './placement.ts';
import type { RequestHead } from './request-head.ts';
import { ResponseRelay } from './response-relay.ts';
import type { RouterCore } from './router-core.ts';
import type { Upstream } from './upstream.ts';

/** `seeking` a target; `sent`: the target has the head; `over` is final. */
type Phase = 'seeking' | 'sent' | 'tunnel' | 'over';

/** One request and its response. */
export class Exchange implements Seeker {
  /** The target takes no more of the body for now. */
  uploadBlocked = false;
  private readonly core: RouterCore;
  private readonly client: Client;
  private readonly head: RequestHead;
  private readonly requestId: string;
  private readonly forwardedFor: string;
  private readonly startedAt = Date.now();
  private readonly startedMs = performance.now();
  private readonly requestBody: Body;
  private readonly response: ResponseRelay;
  private readonly placement: Placement;
  private phase: Phase = 'seeking';
  private upstream: Upstream | undefined;
  private clientEnded = false;
  private upstreamEnded = false;

  constructor(core: RouterCore, client: Client, head: RequestHead) {
    this.core = core;
    this.client = client;
    this.head = head;
    this.requestId = head.requestId ?? randomUUID();
    this.forwardedFor = head.forwardedFor === undefined ? client.address : `${head.forwardedFor}, ${client.address}`;
    this.requestBody = createBody(head.framing);
    this.placement = new Placement(core, client, head, this);
    this.response = new ResponseRelay(client.socket, head, () => this.requestBody.done && !core.stopping());
  }

  start(): void {
    const { expect } = this.head;
    if (expect !== undefined && expect !== '100-continue') {
      this.placement.locate();
      this.fail(failures.H26Expect);
    } else this.placement.seek(this.startedMs);
  }

  onPlaced(upstream: Upstream, now: number): void {
    this.phase = 'sent';
    this.upstream = upstream;
    const { requestId, startedAt, forwardedFor } = this;
    const { originFields } = this.core;
    const text = writeRequestHead(this.head, { requestId, startedAt, forwardedFor, originFields });
    if (this.requestBody.done) {
      upstream.socket.write(text, 'latin1');
      this.client.deadlineAt = now + this.placement.timeouts.firstByteMs;
      return;
    }
    this.client.deadlineAt = now + this.placement.timeouts.idleMs;
    if (this.head.expect !== undefined && this.client.pending.length === 0) {
      this.client.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
    }
    upstream.socket.cork();
    upstream.socket.write(text, 'latin1');
    this.sendBody();
    upstream.socket.uncork();
  }

  /** The client sent something, or the target takes some again. */
  sendBody(): void {
    const { upstream, client } = this;
    if (upstream !== undefined && !this.uploadBlocked && client.pending.length > 0) {
      if (this.phase === 'tunnel') this.sendPending(upstream, client.pending.length);
      else if (this.phase === 'sent' && !this.requestBody.done) {
        const end = this.requestBody.take(client.pending.view(), 0);
        if (end === -1) {
          this.fail(failures.H26, 'Its chunked body is malformed.');
          return;
        }
        this.sendPending(upstream, end);
      }
    }
    client.adjustFlow();
  }

  private sendPending(upstream: Upstream, count: number): void {
    const { pending } = this.client;
    this.uploadBlocked = !upstream.socket.write(pending.view().subarray(0, count));
    pending.drop(count);
    const { firstByteMs, idleMs } = this.placement.timeouts;
    const awaitsResponse = this.phase === 'sent' && this.requestBody.done && !this.response.begun;
    this.client.deadlineAt = performance.now() + (awaitsResponse ? firstByteMs : idleMs);
  }

  onUpstreamDrain(): void {
    this.uploadBlocked = false;
    this.sendBody();
  }

  onUpstreamBytes(chunk: Buffer): void {
    const { client, response } = this;
    const now = performance.now();
    client.deadlineAt = now + this.placement.timeouts.idleMs;
    if (this.phase === 'tunnel') {
      response.bytes += chunk.length;
      response.blocked = !client.socket.write(Buffer.from(chunk));
    } else {
      const outcome = response.feed(chunk);
      if (outcome === 'done') this.complete(now);
      else if (outcome === 'switched') this.openTunnel();
      else if (outcome !== 'more') this.fail(outcome);
    }
    if (response.blocked && this.phase !== 'over') this.upstream?.socket.pause();
  }

  /** The client takes more again. */
  onClientDrain(): void {
    if (!this.response.blocked) return;
    this.response.blocked = false;
    this.client.deadlineAt = performance.now() + this.placement.timeouts.idleMs;
    this.upstream?.socket.resume();
  }

  private openTunnel(): void {
    if (this.requestBody.done) {
      this.phase = 'tunnel';
      this.sendBody();
    } else this.fail(failures.H17);
  }

  onClientEnd(): void {
    if (this.phase === 'tunnel') {
      this.clientEnded = true;
      this.upstream?.socket.end();
      if (this.upstreamEnded) this.complete(performance.now());
    } else this.onClientClose();
  }

  onClientClose(): void {
    if (this.phase === 'tunnel') this.complete(performance.now());
    else this.fail(failures.H27);
  }

  onUpstreamConnect(): void {}

  onUpstreamEnd(): void {
    if (this.phase === 'tunnel') {
      this.upstreamEnded = true;
      if (this.clientEnded) this.complete(performance.now());
      else this.client.socket.end();
    } else if (this.response.endsWithConnection) this.complete(performance.now());
    else this.onUpstreamLost();
  }

  onUpstreamClose(error: Error | undefined): void {
    if (this.phase === 'tunnel' || (error === undefined && this.response.endsWithConnection))
      this.complete(performance.now());
    else this.onUpstreamLost();
  }

  private onUpstreamLost(): void {
    if (this.response.begun) this.fail(failures.H18);
    else if (this.upstream?.reused === true && this.head.framing === 0 && this.placement.repeatable) {
      // An idle connection that the target closed just now.
      this.letGo();
      this.phase = 'seeking';
      this.placement.seek(performance.now());
    } else this.fail(this.requestBody.done ? failures.H13 : failures.H18);
  }

  onDeadline(now: number): void {
    if (this.phase === 'seeking') this.placement.onDeadline(now);
    else this.fail(this.lateness());
  }

  private lateness(): Failure {
    if (this.phase === 'tunnel') return failures.H15;
    const clientIsLate = this.response.blocked || (!this.requestBody.done && !this.uploadBlocked);
    if (clientIsLate) return failures.H28;
    return this.response.begun ? failures.H15 : failures.H12;
  }

  /** Ends the request with the router's own answer, or cuts the connection where the response has begun. */
  fail(failure: Failure, detail?: string): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    const now = performance.now();
    this.letGo();
    if (this.response.head !== undefined || failure === failures.H27) {
      this.log(failure, failure.status, now);
      this.client.cut(this.response.endsWithConnection);
      return;
    }
    const keepAlive = this.head.keepAlive && this.requestBody.done && !this.core.stopping();
    const { accept, method } = this.head;
    const head = method === 'HEAD';
    this.response.bytes = this.client.answer({ failure, detail, accept, requestId: this.requestId, head, keepAlive });
    this.log(failure, failure.status, now);
    this.client.endExchange(keepAlive, now);
  }

  private complete(now: number): void {
    if (this.phase === 'over') return;
    const { response, requestBody } = this;
    const reusable =
      this.phase === 'sent' && requestBody.done && response.head?.keepAlive === true && !response.overrun;
    this.phase = 'over';
    this.upstream = undefined;
    this.placement.finish(reusable, response.head?.keepAliveS, now);
    this.log(undefined, response.head?.status ?? 0, now);
    this.client.endExchange(response.clientKeepAlive && requestBody.done, now);
  }

  private letGo(): void {
    this.upstream = undefined;
    this.uploadBlocked = false;
    this.placement.discard();
  }

  private log(failure: Failure | undefined, status: number, now: number): void {
    const { route, instance, connectMs } = this.placement;
    if (route === undefined) return;
    const text = formatAccess({
      failure,
      method: this.head.method,
      target: this.head.target,
      host: this.head.host,
      requestId: this.requestId,
      forwardedFor: this.forwardedFor,
      instance,
      connectMs,
      serviceMs: now - this.startedMs,
      status,
      bytes: this.response.bytes,
      protocol: 'http',
    });
    this.core.logAccess(route.appId, this.startedAt, text);
  }
}
