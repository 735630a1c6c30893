import { z } from 'zod';
import type { EngineEvent } from '../../server/domain/engine.ts';
import { ShipwayError } from '../../server/domain/error.ts';
import { readJsonLines } from './docker-answer.ts';
import type { DockerClient } from './docker-client.ts';
import { appLabel, kindLabel, platformLabel } from './labels.ts';

const event = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
});

/** Docker's words, then Podman's. Others (exec, health, rename) are left out. */
const types: Readonly<Record<string, EngineEvent['type']>> = {
  start: 'started',
  die: 'exited',
  destroy: 'removed',
  oom: 'out-of-memory',
  died: 'exited',
  remove: 'removed',
};

/** Events of the platform's instances; see `Engine.watch`. */
export async function* watchEvents(
  client: DockerClient,
  platformId: string,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent> {
  const action = 'watch the engine';
  const label = [`${platformLabel}=${platformId}`, `${kindLabel}=instance`];
  const query = { filters: JSON.stringify({ type: ['container'], label }) };
  try {
    signal.throwIfAborted();
    const answer = await client.stream({ action, method: 'GET', path: '/events', query, signal });
    yield { type: 'resync', instanceId: undefined, appId: undefined };
    for await (const { Action, Actor } of readJsonLines(answer, event, action)) {
      const type = types[Action];
      if (type !== undefined) yield { type, instanceId: Actor.ID, appId: Actor.Attributes?.[appLabel] };
    }
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  if (!signal.aborted) throw new ShipwayError('engine_unavailable', `Cannot ${action}: the engine ended the stream.`);
}
