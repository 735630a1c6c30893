import { createRollout, type RunningRollout } from '../../../runtime/rollout/rollout.ts';
import type { DesiredApp, DesiredRelease, RolloutOutcome } from '../../../server/domain/desired.ts';
import type { Engine, EngineEvent } from '../../../server/domain/engine.ts';
import { ShipwayError } from '../../../server/domain/error.ts';
import type { Instance, InstanceSpec } from '../../../server/domain/instance.ts';
import type { LogLine } from '../../../server/domain/log.ts';
import { limitsOf } from '../../../server/domain/process-type.ts';
import type { AppRoute, Routes } from '../../../server/domain/route.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How processes of a release behave; the engine reads it off the image's name. */
export type Behaviour = 'good' | 'slow' | 'exits' | 'never-binds';

interface Container {
  instance: Instance;
  readonly spec: InstanceSpec;
  /** When it listens; undefined: never. */
  readonly bindsAtMs: number | undefined;
}

const bindDelays: Record<Behaviour, number | undefined> = {
  good: 80,
  slow: 20_000,
  exits: undefined,
  'never-binds': undefined,
};

const never = new Promise<never>(() => undefined);

/**
 * An engine, a router and a database that live through kills of the platform, in virtual time. `violations` collects
 * what must never happen, as it happens.
 */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly violations: string[] = [];
  readonly lines: LogLine[] = [];
  readonly routes = new Map<string, AppRoute>();
  readonly settled: { readonly version: number; readonly outcome: RolloutOutcome }[] = [];
  readonly containers = new Map<string, Container>();
  readonly platformLog: string[] = [];
  /** Instances that requests were sent to. */
  readonly served = new Set<string>();
  readonly startedSpecs: InstanceSpec[] = [];
  listCalls = 0;
  app: DesiredApp | undefined;
  isEngineUp = true;
  isDatabaseUp = true;
  losesEvents = false;
  /** The next so many starts fail. */
  failingStarts = 0;
  /** What users asked to end: scaled to 0, or out of the routes for maintenance. */
  readonly #excused = new Set<string>();
  rollout!: RunningRollout;
  #random: () => number;
  #ids = 0;
  #life = { isOver: false };
  #watchers = new Set<(event: EngineEvent) => void>();
  #breakWatches = new Set<() => void>();

  constructor(random: () => number = () => 0.5) {
    this.#random = random;
  }

  get running(): readonly Container[] {
    return [...this.containers.values()].filter(({ instance }) => instance.state === 'running');
  }

  async boot(): Promise<void> {
    const life = { isOver: false };
    this.#life = life;
    this.rollout = createRollout({
      engine: this.#engineOf(life),
      routes: this.#routesOf(life),
      logs: { append: (_, lines) => this.lines.push(...lines) },
      desired: async () => {
        if (!this.isDatabaseUp) throw new ShipwayError('unavailable', 'no database');
        return this.app;
      },
      appIds: async () => (this.app === undefined ? [] : [this.app.appId]),
      settle: (_, version, outcome) => this.#settle(life, version, outcome),
      clock: this.clock,
      random: this.#random,
      bootTimeoutMs: 60_000,
      stopGraceMs: 30_000,
      log: (text) => this.platformLog.push(text),
      probe: async ({ host }, { timeoutMs }) => {
        const listens = [...this.containers.values()].some((one) => one.instance.address === host && this.listens(one));
        if (!listens) await this.clock.sleep(Math.min(timeoutMs, 1));
        return listens;
      },
    });
    await this.rollout.start();
  }

  /** As SIGKILL would: what it asked of the engine goes on, what it would have done next never happens. */
  async kill(): Promise<void> {
    this.#life.isOver = true;
    await this.rollout.close();
    this.#breakWatches.clear();
    this.#watchers.clear();
  }

  listens({ instance, bindsAtMs }: Container): boolean {
    return instance.state === 'running' && bindsAtMs !== undefined && bindsAtMs <= this.clock.now();
  }

  release(version: number, behaviour: Behaviour, types: readonly string[] = ['web', 'worker']): DesiredRelease {
    return {
      version,
      image: `127.0.0.1:5001/app@sha256:${behaviour}`,
      processTypes: types.map((type) => ({ type, command: `run ${type}` })),
      env: {},
    };
  }

  deploy(candidate: DesiredRelease): void {
    const formation = this.app?.formation ?? [entry('web', 1)];
    this.app = {
      appId: 'app-1',
      appName: 'hello',
      hosts: ['hello.localhost'],
      maintenance: this.app?.maintenance ?? false,
      current: this.app?.current,
      candidate,
      formation,
    };
    this.rollout.wake('app-1');
  }

  scale(type: string, quantity: number, size = 'standard-1x'): void {
    if (this.app === undefined) return;
    if (type === 'web' && quantity === 0) this.#excuse();
    const others = this.app.formation.filter((one) => one.type !== type);
    this.app = { ...this.app, formation: [...others, entry(type, quantity, size)] };
    this.rollout.wake('app-1');
  }

  maintain(on: boolean): void {
    if (this.app === undefined) return;
    this.#excuse();
    this.app = { ...this.app, maintenance: on };
    this.rollout.wake('app-1');
  }

  #excuse(): void {
    for (const { instance } of this.running) this.#excused.add(instance.id);
  }

  /** A process of the app ends by itself. */
  crash(id: string, code = 1, outOfMemory = false): void {
    const container = this.containers.get(id);
    if (container?.instance.state !== 'running') return;
    this.#exit(container, code, outOfMemory);
  }

  breakWatches(): void {
    for (const breakWatch of this.#breakWatches) breakWatch();
  }

  #exit(container: Container, code: number, outOfMemory = false): void {
    const exit = { code, outOfMemory, at: new Date(this.clock.now()) };
    container.instance = { ...container.instance, state: 'exited', address: undefined, exit };
    this.#emit({ type: 'exited', instanceId: container.instance.id, appId: 'app-1' });
  }

  #emit(event: EngineEvent): void {
    if (this.losesEvents) return;
    for (const watcher of this.#watchers) watcher(event);
  }

  async #settle(life: { isOver: boolean }, version: number, outcome: RolloutOutcome): Promise<void> {
    if (life.isOver) return never;
    await this.clock.sleep(5);
    if (!this.isDatabaseUp) throw new ShipwayError('unavailable', 'no database');
    const { app } = this;
    if (app?.candidate?.version === version) {
      this.settled.push({ version, outcome });
      const current = outcome.status === 'succeeded' ? app.candidate : app.current;
      this.app = { ...app, current, candidate: undefined };
    }
    return life.isOver ? never : undefined;
  }

  #routesOf(life: { isOver: boolean }): Routes {
    return {
      publish: async (route) => {
        if (life.isOver) return never;
        for (const { host, instanceId } of route.targets) {
          const container = this.containers.get(instanceId);
          const wasHealthy = container?.bindsAtMs !== undefined && container.bindsAtMs <= this.clock.now();
          if (container !== undefined && !wasHealthy) this.violations.push(`routed ${host} before it listened`);
        }
        for (const { instanceId } of route.targets) this.served.add(instanceId);
        this.routes.set(route.appId, route);
        await this.clock.sleep(3 + this.#random() * 10);
        return life.isOver ? never : undefined;
      },
      remove: async (appId) => {
        if (life.isOver) return never;
        this.routes.delete(appId);
        await this.clock.sleep(3);
      },
      drained: async (instanceId, timeoutMs) => {
        if (life.isOver) return never;
        const targets = this.routes.get('app-1')?.targets ?? [];
        if (targets.some((target) => target.instanceId === instanceId)) this.violations.push('drained while routed');
        // From here on it is on its way out, whatever becomes of those that took over.
        const container = this.containers.get(instanceId);
        if (container !== undefined) this.#checkStop(container);
        this.#excused.add(instanceId);
        await this.clock.sleep(Math.min(timeoutMs, this.#random() * 5_000));
        return life.isOver ? never : undefined;
      },
    };
  }

  #checkStop(container: Container): void {
    const { app } = this;
    const { id, releaseVersion } = container.instance;
    const wentLive = this.settled.some(
      ({ version, outcome }) => version === releaseVersion && outcome.status === 'succeeded',
    );
    const isLast = this.listens(container) && this.served.has(id) && wentLive;
    const quantity = app?.formation.find(({ type }) => type === 'web')?.quantity ?? 0;
    if (!isLast || quantity === 0 || app?.maintenance || this.#excused.has(id)) return;
    const targets = this.routes.get('app-1')?.targets ?? [];
    if (targets.length === 0) this.violations.push(`stopped ${id} while nothing else was routed`);
    if (targets.some(({ instanceId }) => instanceId === id)) this.violations.push(`stopped ${id} while it was routed`);
  }

  async #call(life: { isOver: boolean }, ms: number): Promise<void> {
    if (life.isOver) return never;
    if (!this.isEngineUp) throw new ShipwayError('engine_unavailable', 'no engine');
    await this.clock.sleep(ms);
    if (!this.isEngineUp) throw new ShipwayError('engine_unavailable', 'no engine');
  }

  async #start(life: { isOver: boolean }, spec: InstanceSpec): Promise<Instance> {
    await this.#call(life, 20);
    if (this.failingStarts > 0) {
      this.failingStarts -= 1;
      throw new ShipwayError('internal', 'the engine could not start it');
    }
    this.#ids += 1;
    const id = `i${this.#ids}`;
    this.startedSpecs.push(spec);
    const { appId, appName, processType, slot, releaseVersion } = spec;
    const named = { id, appId, appName, processType, slot, releaseVersion, startedAt: undefined, exit: undefined };
    const behaviour = processType === 'web' ? (spec.image.split(':').at(-1) as Behaviour) : 'good';
    const delay = bindDelays[behaviour];
    const container: Container = {
      instance: { ...named, state: 'created', address: undefined },
      spec,
      bindsAtMs: delay === undefined ? undefined : this.clock.now() + 100 + delay,
    };
    this.containers.set(id, container);
    await this.clock.sleep(100);
    if (!this.containers.has(id)) throw new ShipwayError('internal', 'removed while it started');
    const startedAt = new Date(this.clock.now());
    container.instance = { ...container.instance, state: 'running', address: `10.0.0.${id.slice(1)}`, startedAt };
    if (behaviour === 'exits') this.clock.after(50, () => this.#exit(container, 3));
    this.#emit({ type: 'started', instanceId: id, appId });
    return life.isOver ? never : container.instance;
  }

  #engineOf(life: { isOver: boolean }): Engine {
    const unused = () => Promise.reject(new Error('not part of rollout'));
    return {
      capabilities: unused,
      run: unused,
      stopJobs: unused,
      pruneImages: unused,
      shutDown: unused,
      prepare: () => this.#call(life, 1),
      instances: async () => {
        this.listCalls += 1;
        const list = this.isEngineUp ? [...this.containers.values()].map(({ instance }) => instance) : [];
        await this.#call(life, 15);
        return life.isOver ? never : list;
      },
      pull: (): Promise<void> => this.#call(life, 10),
      start: (spec) => this.#start(life, spec),
      stop: async (id, { graceMs }) => {
        const container = this.containers.get(id);
        if (container !== undefined && !life.isOver) this.#checkStop(container);
        await this.#call(life, 5);
        if (container === undefined) return;
        await this.clock.sleep(Math.min(graceMs, 500));
        if (container.instance.state === 'running') this.#exit(container, 143);
        return life.isOver ? never : undefined;
      },
      remove: async (id) => {
        await this.#call(life, 30);
        if (this.containers.get(id)?.instance.state === 'running') throw new ShipwayError('conflict', 'it runs');
        this.containers.delete(id);
        this.#emit({ type: 'removed', instanceId: id, appId: 'app-1' });
        return life.isOver ? never : undefined;
      },
      removeApp: async () => {
        await this.#call(life, 50);
        this.containers.clear();
      },
      logs: async function* () {
        yield { at: new Date(0), stream: 'stderr' as const, text: 'Error: \u001b[31mno module', cursor: '1' };
      },
      watch: (signal) => this.#watch(signal),
    };
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const events: EngineEvent[] = [];
    let isBroken = false;
    let wake = () => {};
    const take = (event: EngineEvent) => {
      events.push(event);
      wake();
    };
    const breakWatch = () => {
      isBroken = true;
      wake();
    };
    signal.addEventListener('abort', breakWatch);
    this.#watchers.add(take);
    this.#breakWatches.add(breakWatch);
    try {
      while (!signal.aborted) {
        const event = events.shift();
        if (event !== undefined) yield event;
        else if (isBroken || !this.isEngineUp) throw new ShipwayError('engine_unavailable', 'watch lost');
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      this.#watchers.delete(take);
      this.#breakWatches.delete(breakWatch);
    }
  }
}

function entry(type: string, quantity: number, size = 'standard-1x') {
  return { type, quantity, size, limits: limitsOf(size) };
}
