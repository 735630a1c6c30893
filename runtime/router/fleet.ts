import type { AppRoute, RouterCommand, Target } from '../../server/domain/route.ts';
import { Backend } from './backend.ts';
import type { Deadlines } from './deadlines.ts';
import { createRouteIndex, type RouteIndex } from './route-table.ts';

/** A request that waits for its app's targets. */
export interface Waiting {
  onRouteChange(): void;
}

/** The routes, and the live state behind their targets. */
export interface Fleet {
  readonly routes: RouteIndex;
  /** Applies a change at once; requests that waited for it go on before this returns. */
  apply(command: RouterCommand): void;
  /** Of two random targets, the one with fewer requests in flight. */
  choose(targets: readonly Target[], except: ReadonlySet<Backend> | undefined): Backend | undefined;
  wait(appId: string, waiting: Waiting): void;
  stopWaiting(appId: string, waiting: Waiting): void;
  /** Targets that have left the table and still have requests in flight. */
  draining(): readonly string[];
}

export function createFleet(options: {
  readonly deadlines: Deadlines;
  readonly keepAliveMs: number;
  readonly onDrained: (instanceId: string) => void;
}): Fleet {
  const { deadlines, keepAliveMs, onDrained } = options;
  const routes = createRouteIndex();
  const backends = new Map<string, Backend>();
  const retired = new Set<Backend>();
  const waitings = new Map<string, Set<Waiting>>();

  const retire = (backend: Backend): void => {
    backends.delete(backend.instanceId);
    retired.add(backend);
    backend.retire(() => {
      retired.delete(backend);
      onDrained(backend.instanceId);
    });
  };
  /** Returns the one that it replaces: the same instance elsewhere, since it was restarted. */
  const admit = (target: Target): Backend | undefined => {
    const known = backends.get(target.instanceId);
    if (known?.address.host === target.host && known.address.port === target.port) return undefined;
    const { instanceId, name, host, port } = target;
    backends.set(instanceId, new Backend({ instanceId, name, address: { host, port }, deadlines, keepAliveMs }));
    return known;
  };
  const reconcile = (before: readonly AppRoute[], after: readonly AppRoute[]): void => {
    const targets = after.flatMap((route) => route.targets);
    const kept = new Set(targets.map((target) => target.instanceId));
    const replaced = targets.map(admit).filter((backend) => backend !== undefined);
    // After all are admitted: requests that were connecting seek anew. Those in flight on an old address end as they can.
    for (const backend of replaced) backend.retire(() => undefined);
    for (const { instanceId } of before.flatMap((route) => route.targets)) {
      const backend = backends.get(instanceId);
      if (!kept.has(instanceId) && backend !== undefined) retire(backend);
    }
    for (const { appId } of [...before, ...after]) {
      const waiting = waitings.get(appId);
      waitings.delete(appId);
      for (const request of waiting ?? []) request.onRouteChange();
    }
  };
  return {
    routes,
    apply: (command) => {
      const before = affected(routes, command);
      change(routes, command);
      reconcile(before, affected(routes, command));
    },
    choose: (targets, except) => chooseBackend(backends, targets, except),
    wait: (appId, waiting) => {
      const others = waitings.get(appId);
      if (others === undefined) waitings.set(appId, new Set([waiting]));
      else others.add(waiting);
    },
    stopWaiting: (appId, waiting) => void waitings.get(appId)?.delete(waiting),
    draining: () => [...retired].map((backend) => backend.instanceId),
  };
}

function affected(routes: RouteIndex, command: RouterCommand): readonly AppRoute[] {
  if (command.type === 'table') return routes.table().routes;
  const route = routes.get(command.type === 'put' ? command.route.appId : command.appId);
  return route === undefined ? [] : [route];
}

function change(routes: RouteIndex, command: RouterCommand): void {
  if (command.type === 'table') routes.replace(command.table);
  else if (command.type === 'put') routes.put(command.version, command.route);
  else routes.delete(command.version, command.appId);
}

function chooseBackend(
  backends: ReadonlyMap<string, Backend>,
  targets: readonly Target[],
  except: ReadonlySet<Backend> | undefined,
): Backend | undefined {
  const [only] = targets;
  if (only === undefined) return undefined;
  if (except === undefined && targets.length === 1) return backends.get(only.instanceId);
  const candidates = targets
    .map((target) => backends.get(target.instanceId))
    .filter((backend) => backend !== undefined && except?.has(backend) !== true);
  const one = candidates[Math.floor(Math.random() * candidates.length)];
  const other = candidates[Math.floor(Math.random() * candidates.length)];
  return one !== undefined && other !== undefined && other.inFlight < one.inFlight ? other : one;
}
