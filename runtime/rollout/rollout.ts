import type { DesiredApp, Rollout, RolloutOutcome } from '../../server/domain/desired.ts';
import type { Engine, EngineEvent } from '../../server/domain/engine.ts';
import { ShipwayError } from '../../server/domain/error.ts';
import { type Instance, instanceName } from '../../server/domain/instance.ts';
import type { Logs } from '../../server/domain/log.ts';
import type { Routes } from '../../server/domain/route.ts';
import type { LoopContext } from './app-actions.ts';
import { AppLoop } from './app-loop.ts';
import type { Clock } from './clock.ts';
import { createEngineFeed } from './engine-feed.ts';
import { type Probe, probeTcp } from './probe.ts';
import { createStartSlots } from './start-slots.ts';
import { memoryQuotaLine } from './state-lines.ts';
import { viewsOf } from './views.ts';

export interface RolloutOptions {
  readonly engine: Engine;
  readonly routes: Routes;
  readonly logs: Pick<Logs, 'append'>;
  readonly desired: (appId: string) => Promise<DesiredApp | undefined>;
  readonly appIds: () => Promise<readonly string[]>;
  /** Writes a candidate's outcome down; told again until it succeeds. */
  readonly settle: (appId: string, version: number, outcome: RolloutOutcome) => Promise<void>;
  readonly clock: Clock;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
  readonly bootTimeoutMs: number;
  readonly stopGraceMs: number;
  readonly log: (text: string) => void;
  /** How health is asked for; TCP where nothing else is said. */
  readonly probe?: Probe;
}

export interface RunningRollout extends Rollout {
  /** Begins the first look at everything; what cannot be reached is tried until it can. */
  start(): Promise<void>;
  close(): Promise<void>;
  /** Every app's route has been handed to `routes` once. */
  readonly ready: Promise<void>;
}

const lingerMs = 2_000;
/** Routers that lost their server come back within this. */
const reconnectMs = 3_000;
const sweepEveryMs = 5_000;
/** Sweeps until every app's desired state was read again, though nobody said that it changed. */
const sweepsPerRound = 12;
const startsAtATime = 8;

export function createRollout(options: RolloutOptions): RunningRollout {
  return new EngineRollout(options);
}

class EngineRollout implements RunningRollout {
  readonly #options: RolloutOptions;
  readonly #context: LoopContext;
  readonly #loops = new Map<string, AppLoop>();
  readonly #removing = new Set<string>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #feed: ReturnType<typeof createEngineFeed>;
  #isListed = false;
  #isClosed = false;
  #isReading = false;
  #isReadying = false;
  #readyAtMs = Number.POSITIVE_INFINITY;
  #sweeps = 0;
  #cancelSweep: () => void = () => undefined;

  constructor(options: RolloutOptions) {
    this.#options = options;
    let ticket = 0;
    const nextTicket = () => {
      ticket += 1;
      return ticket;
    };
    const { engine, clock, random, log, bootTimeoutMs } = options;
    this.#feed = createEngineFeed({
      engine,
      clock,
      random,
      nextTicket,
      log,
      onList: (instances, listTicket) => this.#takeList(instances, listTicket),
      onEvent: (event) => this.#takeEvent(event),
      onBack: () => this.#takeBack(),
    });
    this.#context = {
      ...options,
      probe: options.probe ?? probeTcp,
      timing: { bootTimeoutMs, lingerMs, reconnectMs },
      readyAtMs: () => this.#readyAtMs,
      nextTicket,
      startSlot: createStartSlots(startsAtATime),
      refresh: () => this.#feed.refresh(),
      isEngineAway: () => this.#feed.isAway(),
      engineLost: (error) => this.#feed.lost(error),
      looked: (appId) => {
        const loop = this.#loops.get(appId);
        if (loop?.isFinished) this.#drop(loop);
      },
    };
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  async start(): Promise<void> {
    this.#feed.start();
    this.#scheduleSweep();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelSweep();
    this.#feed.close();
    for (const loop of this.#loops.values()) loop.close();
  }

  wake(appId: string): void {
    this.#loopOf(appId)?.wake();
  }

  async views(appId: string) {
    const loop = this.#loops.get(appId);
    return loop === undefined ? [] : viewsOf(loop.desired, loop.record.observed, loop.record.crashed);
  }

  async restart(appId: string, selector: string | undefined): Promise<void> {
    this.#request(appId, selector, 'replace');
  }

  /** A stopped instance of the formation starts again, as on Heroku: who wants none scales to 0. */
  async stop(appId: string, selector: string): Promise<void> {
    this.#request(appId, selector, 'retire');
  }

  async removeApp(appId: string): Promise<void> {
    this.#removing.add(appId);
    try {
      const loop = this.#loops.get(appId);
      if (loop !== undefined) this.#drop(loop);
      await this.#options.routes.remove(appId);
      await this.#options.engine.removeApp(appId);
    } finally {
      this.#removing.delete(appId);
    }
  }

  #request(appId: string, selector: string | undefined, mark: 'replace' | 'retire'): void {
    const matches = (instance: Instance) =>
      selector === undefined || selector === instance.processType || selector === instanceName(instance);
    const matched = this.#loops.get(appId)?.request(matches, mark) ?? 0;
    if (matched === 0 && selector !== undefined) {
      throw new ShipwayError('not_found', `Cannot find ${selector}: no instance has that name.`, { resource: 'dyno' });
    }
  }

  /** No loop before the first list: it would start what already runs. */
  #loopOf(appId: string): AppLoop | undefined {
    if (!this.#isListed || this.#isClosed || this.#removing.has(appId)) return undefined;
    const known = this.#loops.get(appId);
    if (known !== undefined) return known;
    const loop = new AppLoop(appId, this.#context);
    this.#loops.set(appId, loop);
    return loop;
  }

  #drop(loop: AppLoop): void {
    loop.close();
    this.#loops.delete(loop.appId);
  }

  #takeList(instances: readonly Instance[], ticket: number): void {
    this.#isListed = true;
    const byApp = Map.groupBy(instances, ({ appId }) => appId);
    for (const appId of byApp.keys()) this.#loopOf(appId);
    for (const loop of this.#loops.values()) loop.takeList(byApp.get(loop.appId) ?? [], ticket);
  }

  #takeEvent({ type, appId, instanceId }: EngineEvent): void {
    if (type === 'out-of-memory' && appId !== undefined && instanceId !== undefined) {
      const instance = this.#loops.get(appId)?.record.find(instanceId)?.instance;
      const at = new Date(this.#options.clock.now());
      if (instance !== undefined) {
        const line = { at, source: 'heroku', instance: instanceName(instance), text: memoryQuotaLine } as const;
        this.#options.logs.append(appId, [line]);
      }
    }
    // Starts answer for themselves.
    if (type !== 'started') this.#feed.refresh().catch((error: unknown) => this.#options.log(String(error)));
  }

  #takeBack(): void {
    for (const loop of this.#loops.values()) loop.look();
    this.#readApps().catch((error: unknown) => this.#options.log(String(error)));
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#options.clock.after(sweepEveryMs, () => {
      if (this.#isClosed) return;
      this.#scheduleSweep();
      this.#sweep().catch((error: unknown) => this.#options.log(`rollout: ${String(error)}`));
    });
  }

  /** Events and wakes can be lost; what is, and what should be, cannot. */
  async #sweep(): Promise<void> {
    if (this.#feed.isAway()) return;
    await this.#feed.refresh();
    await this.#readApps();
    this.#sweeps += 1;
    const loops = [...this.#loops.values()];
    for (const [index, loop] of loops.entries())
      if (index % sweepsPerRound === this.#sweeps % sweepsPerRound) loop.wake();
  }

  async #readApps(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      for (const appId of await this.#options.appIds()) if (!this.#loops.has(appId)) this.#loopOf(appId)?.wake();
      this.#markReady();
    } finally {
      this.#isReading = false;
    }
  }

  #markReady(): void {
    if (this.#isReadying) return;
    this.#isReadying = true;
    Promise.all([...this.#loops.values()].map((loop) => loop.firstRoute)).then(
      () => {
        this.#readyAtMs = this.#options.clock.now();
        this.#ready.resolve();
        for (const loop of this.#loops.values()) loop.look();
      },
      () => undefined,
    );
  }
}
