import type { DesiredApp } from '../../server/domain/desired.ts';
import { toShipwayError } from '../../server/domain/error.ts';
import type { Instance } from '../../server/domain/instance.ts';
import { type Action, actionKey } from './actions.ts';
import { type LoopContext, prepareAction, runAction } from './app-actions.ts';
import { AppRecord } from './app-record.ts';
import { retryWait } from './back-off.ts';
import type { ObservedInstance } from './observed.ts';
import { reconcile } from './reconcile.ts';

/** Starts of a candidate that may fail before it is given up; an engine that is away does not count. */
const candidateTries = 3;
/** An outcome that was told is told again only if the releases still do not show it by then. */
const tellAgainMs = 1_000;

interface Hold {
  readonly failures: number;
  readonly untilMs: number;
}

/**
 * The loop of one app: looks, decides, and lets actions run on their own, so that a slow one (a stop with its grace)
 * is in nobody's way. Level-triggered: any number of wakes is one look.
 */
export class AppLoop {
  readonly appId: string;
  readonly record: AppRecord;
  readonly #context: LoopContext;
  readonly #underWay = new Map<string, AbortController>();
  /** What failed, and when it may be tried again. */
  readonly #holds = new Map<string, Hold>();
  readonly #firstRoute = Promise.withResolvers<void>();
  #desired: DesiredApp | undefined;
  #isStale = true;
  #wasRead = false;
  #isLooking = false;
  #isAsked = false;
  #isClosed = false;
  #cancelTimer: () => void = () => undefined;

  constructor(appId: string, context: LoopContext) {
    this.appId = appId;
    this.#context = context;
    const { clock, random, nextTicket, logs } = context;
    this.record = new AppRecord({
      now: () => clock.now(),
      random,
      nextTicket,
      say: (instance, text) => logs.append(appId, [{ at: new Date(clock.now()), source: 'heroku', instance, text }]),
    });
  }

  get desired(): DesiredApp | undefined {
    return this.#desired;
  }

  /** Resolves once a route of the app was handed to the router, or the app turned out to be gone. */
  get firstRoute(): Promise<void> {
    return this.#firstRoute.promise;
  }

  /** Nothing runs, nothing is routed, nothing is under way: the app is gone. */
  get isFinished(): boolean {
    const { instances, published } = this.record.observed;
    const isOut = published?.acknowledged === true && published.route === undefined;
    return (
      isOut && instances.length === 0 && this.#underWay.size === 0 && !this.#isStale && this.#desired === undefined
    );
  }

  takeList(instances: readonly Instance[], ticket: number): void {
    if (this.record.takeList(instances, ticket, (key) => this.#underWay.has(key))) this.look();
  }

  /** What is desired changed: read it again. */
  wake(): void {
    this.#isStale = true;
    this.#holds.delete('desired');
    this.look();
  }

  look(): void {
    this.#isAsked = true;
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    this.#lookWhileAsked().catch((error: unknown) => this.#context.log(`rollout of ${this.appId}: ${String(error)}`));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    for (const task of this.#underWay.values()) task.abort();
    this.#firstRoute.resolve();
  }

  /** Marks what `matches`, and lets its slots start at once whatever their crashes. Answers how many slots matched. */
  request(matches: (slot: Instance) => boolean, mark: 'replace' | 'retire'): number {
    const matched = this.record.observed.instances.filter(({ instance }) => matches(instance));
    const crashed = [...this.record.crashed].filter(([, instance]) => matches(instance));
    for (const one of matched) this.#mark(one, mark);
    for (const [key] of crashed) this.record.forgetCrash(key);
    this.#holds.clear();
    this.look();
    return matched.length + crashed.length;
  }

  #mark({ instance }: ObservedInstance, mark: 'replace' | 'retire'): void {
    if (mark === 'replace') this.record.askReplacement(instance.id);
    else this.record.retire(instance.id);
  }

  async #lookWhileAsked(): Promise<void> {
    try {
      while (this.#isAsked && !this.#isClosed) {
        this.#isAsked = false;
        if (this.#context.isEngineAway()) continue;
        await this.#readDesired();
        // While the database is away, what it said last is what is desired.
        if (this.#wasRead) this.#act();
      }
    } finally {
      this.#isLooking = false;
    }
    this.#context.looked(this.appId);
  }

  async #readDesired(): Promise<void> {
    if (!this.#isStale || this.#isHeld('desired')) return;
    this.#isStale = false;
    try {
      this.#desired = await this.#context.desired(this.appId);
    } catch (error) {
      this.#isStale = true;
      this.#hold('desired', error);
      // One app that cannot be read must not keep all others from the routers; a database that is away must.
      if (toShipwayError(error).code !== 'unavailable') this.#firstRoute.resolve();
      return;
    }
    this.#wasRead = true;
    this.#holds.delete('desired');
    this.record.beginAttempt(this.#desired?.candidate?.version);
    const wanted = [this.#desired?.current, this.#desired?.candidate].filter((release) => release !== undefined);
    this.record.prune({
      versions: wanted.map(({ version }) => version),
      images: wanted.map(({ image }) => image),
    });
  }

  #act(): void {
    const { clock, timing, readyAtMs } = this.#context;
    if (this.#isClosed) return;
    const now = { ...timing, readyAtMs: readyAtMs() };
    const plan = reconcile(this.#desired, this.record.observed, clock.now(), now);
    const wanted = new Set(plan.actions.map(actionKey));
    for (const [key, task] of this.#underWay) if (key.startsWith('probe ') && !wanted.has(key)) task.abort();
    for (const action of plan.actions) this.#run(action);
    this.#sleepUntil(plan.wakeAtMs);
  }

  #run(action: Action): void {
    const key = actionKey(action);
    if (this.#underWay.has(key) || this.#isHeld(key)) return;
    const task = new AbortController();
    this.#underWay.set(key, task);
    const scope = { appId: this.appId, record: this.record, context: this.#context, signal: task.signal };
    prepareAction(action, scope);
    if (action.type === 'publish' || action.type === 'unpublish') this.#firstRoute.resolve();
    runAction(action, scope)
      .then(
        () => this.#done(action, key),
        (error: unknown) => this.#failed(action, key, error),
      )
      .finally(() => {
        this.#underWay.delete(key);
        this.look();
      });
  }

  #done(action: Action, key: string): void {
    this.#holds.delete(key);
    if (action.type !== 'settle') return;
    this.#isStale = true;
    this.#holds.set(key, { failures: 0, untilMs: this.#context.clock.now() + tellAgainMs });
  }

  #failed(action: Action, key: string, error: unknown): void {
    const failures = this.#hold(key, error);
    const { code, message, retryable } = toShipwayError(error);
    if (code === 'engine_unavailable') {
      this.#context.engineLost(error);
      return;
    }
    if (action.type === 'publish') this.record.takeUnpublished(action.route);
    if (action.type === 'unpublish') this.record.takeUnpublished(undefined);
    if (action.type === 'start') this.record.forgetPulled(action.spec.image);
    const version =
      action.type === 'start' ? action.spec.releaseVersion : action.type === 'pull' ? action.releaseVersion : undefined;
    const isHopeless = !retryable || failures >= candidateTries;
    if (version !== undefined && isHopeless) this.record.refuseAttempt(version, message);
  }

  #isHeld(key: string): boolean {
    return (this.#holds.get(key)?.untilMs ?? 0) > this.#context.clock.now();
  }

  #hold(key: string, error: unknown): number {
    if (this.#isClosed) return 0;
    const { clock, random, log } = this.#context;
    const failures = (this.#holds.get(key)?.failures ?? 0) + 1;
    const waitMs = retryWait(failures, random);
    this.#holds.set(key, { failures, untilMs: clock.now() + waitMs });
    this.#sleepUntil(undefined);
    const detail = error instanceof Error ? error.message : String(error);
    log(`rollout of ${this.appId}: ${key} failed, again in ${Math.round(waitMs)} ms: ${detail}`);
    return failures;
  }

  /** One timer: for the plan's next moment or the first hold that ends. */
  #sleepUntil(planMs: number | undefined): void {
    const { clock } = this.#context;
    const now = clock.now();
    this.#cancelTimer();
    const times = [planMs, ...[...this.#holds.values()].map(({ untilMs }) => untilMs)];
    const next = Math.min(...times.filter((atMs) => atMs !== undefined && atMs > now).map(Number));
    if (Number.isFinite(next) && !this.#isClosed) this.#cancelTimer = clock.after(next - now, () => this.look());
  }
}
