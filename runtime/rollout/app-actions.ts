import type { DesiredApp, RolloutOutcome } from '../../server/domain/desired.ts';
import type { Engine } from '../../server/domain/engine.ts';
import { instanceName, instancePort } from '../../server/domain/instance.ts';
import type { Logs } from '../../server/domain/log.ts';
import type { Routes } from '../../server/domain/route.ts';
import type { Action, RolloutTiming } from './actions.ts';
import type { AppRecord } from './app-record.ts';
import type { Clock } from './clock.ts';
import { withLastLines } from './failure.ts';
import { lastLines } from './last-lines.ts';
import { crashKey } from './observed.ts';
import { type Probe, untilHealthy } from './probe.ts';
import { bootTimeoutLine, exitTimeoutLine, sigkillLine, sigtermLine, startingLine, stateLine } from './state-lines.ts';

/** What all loops share. */
export interface LoopContext {
  readonly engine: Engine;
  readonly routes: Routes;
  readonly logs: Pick<Logs, 'append'>;
  readonly desired: (appId: string) => Promise<DesiredApp | undefined>;
  readonly settle: (appId: string, version: number, outcome: RolloutOutcome) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly probe: Probe;
  readonly timing: Omit<RolloutTiming, 'readyAtMs'>;
  readonly readyAtMs: () => number;
  readonly stopGraceMs: number;
  readonly log: (text: string) => void;
  readonly nextTicket: () => number;
  /** Bounds how many instances are started at a time: after a reboot every app wants to. */
  readonly startSlot: <T>(start: () => Promise<T>) => Promise<T>;
  /** Lists the engine's instances again; resolves when a list that was asked for after this call has been taken. */
  readonly refresh: () => Promise<void>;
  readonly isEngineAway: () => boolean;
  readonly engineLost: (error: unknown) => void;
  /** A look at this app has ended. */
  readonly looked: (appId: string) => void;
}

interface ActionScope {
  readonly appId: string;
  readonly record: AppRecord;
  readonly context: LoopContext;
  readonly signal: AbortSignal;
}

/** One look at an instance that was there before: enough for a busy one, and it holds up the routes no longer. */
const firstLookTimeoutMs = 1_000;

function say({ appId, context }: ActionScope, instance: string, text: string): void {
  context.logs.append(appId, [{ at: new Date(context.clock.now()), source: 'heroku', instance, text }]);
}

function nameOf({ record }: ActionScope, instanceId: string): string {
  const instance = record.find(instanceId)?.instance;
  return instance === undefined ? 'platform' : instanceName(instance);
}

/** What is true from the moment an action begins, before anything can fail or be late. */
export function prepareAction(action: Action, scope: ActionScope): void {
  const { record, context } = scope;
  switch (action.type) {
    case 'start': {
      const name = instanceName(action.spec);
      if (record.observed.crashes.has(crashKey(action.spec))) say(scope, name, stateLine('crashed', 'starting'));
      say(scope, name, startingLine(action.spec.command));
      return;
    }
    case 'publish':
      record.takePublished(action.route);
      return;
    case 'unpublish':
      record.takePublished(undefined);
      return;
    case 'settle':
      record.decideAttempt(action.releaseVersion, action.outcome);
      return;
    case 'drain':
      record.retire(action.instanceId);
      return;
    case 'stop':
      record.retire(action.instanceId);
      say(scope, nameOf(scope, action.instanceId), sigtermLine);
      return;
    case 'kill':
      say(scope, nameOf(scope, action.instanceId), bootTimeoutLine(context.timing.bootTimeoutMs));
      say(scope, nameOf(scope, action.instanceId), sigkillLine);
      return;
    default:
  }
}

/** Does it, and puts what came of it into the record. Throws what the engine, the routes or the releases threw. */
export async function runAction(action: Action, scope: ActionScope): Promise<void> {
  const { appId, record, context } = scope;
  switch (action.type) {
    case 'pull':
      await context.engine.pull(action.image);
      record.takePulled(action.image);
      return;
    case 'start':
      record.takeStarted(await context.startSlot(() => context.engine.start(action.spec)), action.spec);
      return;
    case 'probe':
      await probe(action, scope);
      return;
    case 'publish':
      await context.routes.publish(action.route);
      record.takeAcknowledged(action.route);
      return;
    case 'unpublish':
      await context.routes.remove(appId);
      record.takeAcknowledged(undefined);
      return;
    case 'settle':
      await settle(action, scope);
      return;
    case 'drain':
      await context.routes.drained(action.instanceId, context.stopGraceMs);
      record.takeDrained(action.instanceId);
      return;
    case 'stop':
      await stop(action.instanceId, scope);
      return;
    case 'kill':
      await context.engine.stop(action.instanceId, { graceMs: 0 });
      await context.refresh();
      return;
    case 'remove':
      await context.engine.remove(action.instanceId);
      record.forget(action.instanceId);
  }
}

async function probe(action: Action & { readonly type: 'probe' }, { record, context, signal }: ActionScope) {
  const target = { host: action.address, port: instancePort };
  const healthy = action.once
    ? await context.probe(target, { timeoutMs: firstLookTimeoutMs })
    : await untilHealthy({ probe: context.probe, target, clock: context.clock, signal });
  if (!signal.aborted) record.takeHealth(action.instanceId, healthy);
}

async function settle(action: Action & { readonly type: 'settle' }, { appId, record, context }: ActionScope) {
  const { releaseVersion, blame } = action;
  let { outcome } = action;
  if (outcome.status === 'failed' && blame !== undefined) {
    const lines = await lastLines(context.engine, blame, context.clock);
    outcome = { status: 'failed', failure: withLastLines(outcome.failure, lines) };
    record.decideAttempt(releaseVersion, outcome);
  }
  await context.settle(appId, releaseVersion, outcome);
}

async function stop(instanceId: string, scope: ActionScope) {
  const { clock, engine, stopGraceMs, refresh } = scope.context;
  const name = nameOf(scope, instanceId);
  const beganAtMs = clock.now();
  await engine.stop(instanceId, { graceMs: stopGraceMs });
  if (clock.now() - beganAtMs >= stopGraceMs) {
    say(scope, name, exitTimeoutLine(stopGraceMs));
    say(scope, name, sigkillLine);
  }
  await refresh();
}
