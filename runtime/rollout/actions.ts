import type { RolloutOutcome } from '../../server/domain/desired.ts';
import type { InstanceSpec } from '../../server/domain/instance.ts';
import type { AppRoute } from '../../server/domain/route.ts';

/**
 * What has to be done now. An action says what should be under way, not what to begin: the loop runs each at most once
 * at a time (`actionKey`), and reconcile repeats it until the facts have changed.
 */
export type Action =
  | { readonly type: 'pull'; readonly image: string; readonly releaseVersion: number }
  | { readonly type: 'start'; readonly spec: InstanceSpec }
  /** `once`: an adopted instance gets one look; otherwise asked until it answers. */
  | { readonly type: 'probe'; readonly instanceId: string; readonly address: string; readonly once: boolean }
  | { readonly type: 'publish'; readonly route: AppRoute }
  | { readonly type: 'unpublish' }
  | {
      readonly type: 'settle';
      readonly releaseVersion: number;
      readonly outcome: RolloutOutcome;
      /** The instance whose last lines tell why. */
      readonly blame: string | undefined;
    }
  | { readonly type: 'drain'; readonly instanceId: string }
  | { readonly type: 'stop'; readonly instanceId: string }
  /** R10 of a release that already serves: SIGKILL, and it counts as a crash. */
  | { readonly type: 'kill'; readonly instanceId: string }
  | { readonly type: 'remove'; readonly instanceId: string };

export interface Plan {
  readonly actions: readonly Action[];
  /** When to look again if nothing happens until then (unix ms). */
  readonly wakeAtMs: number | undefined;
}

export interface RolloutTiming {
  readonly bootTimeoutMs: number;
  /** How long an exited instance stays listed, for its last lines. */
  readonly lingerMs: number;
  /** When this process had published every app once; Infinity until then. Before, no router was told anything. */
  readonly readyAtMs: number;
  /** How long after that a router that outlived the server may still send to what the new table lacks. */
  readonly reconnectMs: number;
}

export function startKey(spec: {
  readonly processType: string;
  readonly slot: number;
  readonly releaseVersion: number;
}): string {
  return `start v${spec.releaseVersion} ${spec.processType}.${spec.slot}`;
}

export function actionKey(action: Action): string {
  switch (action.type) {
    case 'pull':
      return `pull ${action.image}`;
    case 'start':
      return startKey(action.spec);
    case 'settle':
      return `settle v${action.releaseVersion}`;
    case 'publish':
      return `publish ${JSON.stringify(action.route)}`;
    case 'unpublish':
      return 'unpublish';
    case 'stop':
    case 'kill':
      return `stop ${action.instanceId}`;
    default:
      return `${action.type} ${action.instanceId}`;
  }
}
