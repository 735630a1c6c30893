import type { RolloutOutcome } from '../../server/domain/desired.ts';
import { type Instance, type InstanceSpec, instanceName } from '../../server/domain/instance.ts';
import type { AppRoute } from '../../server/domain/route.ts';
import { startKey } from './actions.ts';
import { nextCrash } from './back-off.ts';
import {
  type Attempt,
  type Crash,
  crashKey,
  foundInstance,
  isLive,
  isRunning,
  isWeb,
  type ObservedApp,
  type ObservedInstance,
} from './observed.ts';
import { exitLines, stateLine } from './state-lines.ts';

/** An entry and the ticket of the fact that wrote it last: a list that was asked for earlier knows less. */
interface Entry {
  readonly observed: ObservedInstance;
  readonly ticket: number;
}

export interface RecordContext {
  readonly now: () => number;
  readonly random: () => number;
  /** Order of facts: grows with every call. */
  readonly nextTicket: () => number;
  /** A line in the app's log about one instance. */
  readonly say: (instance: string, text: string) => void;
}

/** What the loop knows of one app: the engine's list folded together with what it did and saw itself. In memory only. */
export class AppRecord {
  readonly #context: RecordContext;
  readonly #entries = new Map<string, Entry>();
  /** Removed instances, until a list that was asked for later has come. */
  readonly #removed = new Map<string, number>();
  readonly #crashes = new Map<string, Crash>();
  readonly #crashed = new Map<string, Instance>();
  readonly #pulledImages = new Set<string>();
  #published: ObservedApp['published'];
  #attempt: Attempt | undefined;

  constructor(context: RecordContext) {
    this.#context = context;
  }

  get observed(): ObservedApp {
    return {
      instances: [...this.#entries.values()].map(({ observed }) => observed),
      crashes: this.#crashes,
      published: this.#published,
      pulledImages: this.#pulledImages,
      attempt: this.#attempt,
    };
  }

  /** Last exited instance of slots that crashed, by `crashKey`. */
  get crashed(): ReadonlyMap<string, Instance> {
    return this.#crashed;
  }

  find(instanceId: string): ObservedInstance | undefined {
    return this.#entries.get(instanceId)?.observed;
  }

  /**
   * Takes the engine's list, asked for at `ticket`. `isStarting` names starts under way, whose instance comes from
   * their own answer. Answers whether anything changed.
   */
  takeList(instances: readonly Instance[], ticket: number, isStarting: (key: string) => boolean): boolean {
    const listed = new Set(instances.map(({ id }) => id));
    let changed = false;
    for (const [id, removedAt] of this.#removed) if (removedAt < ticket) this.#removed.delete(id);
    for (const instance of instances) {
      const entry = this.#entries.get(instance.id);
      if (entry === undefined) {
        if (this.#removed.has(instance.id) || isStarting(startKey(instance))) continue;
        this.#write(this.#adopt(instance));
        changed = true;
      } else if (entry.ticket < ticket) {
        changed = this.#update(entry.observed, instance) || changed;
      }
    }
    for (const [id, { observed, ticket: written }] of this.#entries) {
      if (listed.has(id) || written > ticket) continue;
      this.#vanished(observed);
      changed = true;
    }
    return changed;
  }

  /** The engine's own answer to a start. */
  takeStarted(instance: Instance, spec: InstanceSpec): void {
    const now = this.#context.now();
    this.#crashed.delete(crashKey(spec));
    const isUp = spec.processType !== 'web';
    const started: ObservedInstance = {
      ...this.#adopt({ ...instance, state: 'running' }),
      health: isUp ? 'healthy' : 'booting',
      startedAtMs: now,
      healthyAtMs: isUp ? now : undefined,
      limits: spec.limits,
    };
    this.#write(started);
    if (isUp) this.#context.say(instanceName(spec), stateLine('starting', 'up'));
    // It may have ended before the engine answered.
    this.#update(started, instance);
  }

  takeHealth(instanceId: string, healthy: boolean): void {
    const one = this.find(instanceId);
    if (one === undefined || !isLive(one) || one.health === 'healthy') return;
    const adopted = one.health === 'unknown';
    this.#write({
      ...one,
      health: healthy ? 'healthy' : 'booting',
      healthyAtMs: healthy ? this.#context.now() : undefined,
    });
    if (healthy && !adopted) this.#context.say(instanceName(one.instance), stateLine('starting', 'up'));
  }

  retire(instanceId: string): void {
    this.#change(instanceId, { retiring: true });
  }

  takeDrained(instanceId: string): void {
    this.#change(instanceId, { drained: true });
  }

  askReplacement(instanceId: string): void {
    this.#change(instanceId, { replace: true });
  }

  forget(instanceId: string): void {
    this.#entries.delete(instanceId);
    this.#removed.set(instanceId, this.#context.nextTicket());
  }

  forgetCrash(key: string): void {
    this.#crashes.delete(key);
  }

  takePublished(route: AppRoute | undefined): void {
    this.#published = { route, acknowledged: false };
  }

  /** An acknowledgement of anything but the last route that was published says nothing. */
  takeAcknowledged(route: AppRoute | undefined): void {
    if (this.#published?.route === route) this.#published = { route, acknowledged: true };
  }

  takeUnpublished(route: AppRoute | undefined): void {
    if (this.#published?.route === route) this.#published = undefined;
  }

  takePulled(image: string): void {
    this.#pulledImages.add(image);
  }

  forgetPulled(image: string): void {
    this.#pulledImages.delete(image);
  }

  beginAttempt(version: number | undefined): void {
    if (this.#attempt?.version === version) return;
    this.#attempt =
      version === undefined
        ? undefined
        : { version, beganAtMs: this.#context.now(), refusal: undefined, outcome: undefined };
  }

  refuseAttempt(version: number, refusal: string): void {
    if (this.#attempt?.version === version) this.#attempt = { ...this.#attempt, refusal };
  }

  decideAttempt(version: number, outcome: RolloutOutcome): void {
    if (this.#attempt?.version === version) this.#attempt = { ...this.#attempt, outcome };
  }

  /** Forgets what concerns releases and images that are wanted no more. */
  prune(keep: { readonly versions: readonly number[]; readonly images: readonly string[] }): void {
    const isKept = (key: string) => keep.versions.some((version) => key.startsWith(`v${version} `));
    for (const key of this.#crashes.keys()) if (!isKept(key)) this.#crashes.delete(key);
    for (const key of this.#crashed.keys()) if (!isKept(key)) this.#crashed.delete(key);
    for (const image of this.#pulledImages) if (!keep.images.includes(image)) this.#pulledImages.delete(image);
  }

  #adopt(instance: Instance): ObservedInstance {
    const adopted = foundInstance(instance, this.#context.now());
    // It ended while nobody looked: no line in the log, but its slot starts again as after any crash.
    if (instance.state === 'exited') this.#countCrash(adopted);
    return adopted;
  }

  #update(one: ObservedInstance, instance: Instance): boolean {
    if (instance.state === 'exited' && one.exitedAtMs === undefined) {
      this.#exited({ ...one, instance, exitedAtMs: this.#context.now() });
      return true;
    }
    const isOther = instance.address !== one.instance.address || instance.state !== one.instance.state;
    if (!isOther) return false;
    // Started again behind our back, perhaps with another address: to be looked at as if it were found.
    const resumed = instance.state === 'running' && instance.address !== one.instance.address;
    this.#write(
      resumed ? { ...this.#adopt(instance), limits: one.limits, retiring: one.retiring } : { ...one, instance },
    );
    return true;
  }

  #exited(one: ObservedInstance): void {
    this.#write(one);
    const name = instanceName(one.instance);
    for (const text of exitLines(one.instance.exit)) this.#context.say(name, text);
    const from = isWeb(one) && one.health === 'booting' ? 'starting' : 'up';
    this.#context.say(name, stateLine(from, one.retiring ? 'down' : 'crashed'));
    if (!one.retiring) this.#countCrash(one);
  }

  /** Removed by someone else. */
  #vanished(one: ObservedInstance): void {
    this.#entries.delete(one.instance.id);
    if (isRunning(one) && !one.retiring) this.#countCrash(one);
  }

  #countCrash({ instance, startedAtMs }: ObservedInstance): void {
    const key = crashKey(instance);
    const nowMs = this.#context.now();
    const exit = { uptimeMs: nowMs - startedAtMs, nowMs };
    this.#crashes.set(key, nextCrash(this.#crashes.get(key), exit, this.#context.random));
    this.#crashed.set(key, instance);
  }

  #change(instanceId: string, change: Partial<ObservedInstance>): void {
    const one = this.find(instanceId);
    if (one !== undefined) this.#write({ ...one, ...change });
  }

  #write(observed: ObservedInstance): void {
    this.#entries.set(observed.instance.id, { observed, ticket: this.#context.nextTicket() });
  }
}
