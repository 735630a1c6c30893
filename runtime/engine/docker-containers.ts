import { z } from 'zod';
import type { Instance, InstanceState } from '../../server/domain/instance.ts';
import type { DockerClient } from './docker-client.ts';
import { isGone } from './docker-errors.ts';
import { instanceLabelSchema, kindLabel, labelFilter, networkNames, platformLabel } from './labels.ts';

const created = z.object({ Id: z.string() });
const listed = z.array(z.object({ Id: z.string(), State: z.string() }));

const inspected = z.object({
  Id: z.string(),
  State: z.object({
    Status: z.string(),
    StartedAt: z.coerce.date(),
    FinishedAt: z.coerce.date(),
    ExitCode: z.number(),
    OOMKilled: z.boolean(),
  }),
  Config: z.object({ Labels: z.record(z.string(), z.string()) }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ IPAddress: z.string() })) }),
});

export type InspectedContainer = z.output<typeof inspected>;

export async function createContainer(
  client: DockerClient,
  container: { readonly action: string; readonly name?: string; readonly body: unknown },
): Promise<string> {
  const { Id } = await client.json(created, {
    action: container.action,
    method: 'POST',
    path: '/containers/create',
    ...(container.name !== undefined && { query: { name: container.name } }),
    json: container.body,
  });
  return Id;
}

export function startContainer(client: DockerClient, id: string, action: string): Promise<void> {
  return client.call({ action, method: 'POST', path: `/containers/${id}/start` });
}

export function inspectContainer(client: DockerClient, id: string): Promise<InspectedContainer> {
  return client.json(inspected, { action: `look at container ${id}`, method: 'GET', path: `/containers/${id}/json` });
}

/** All containers of the platform that also carry `labels`, running or not. */
export function listContainers(
  client: DockerClient,
  platformId: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<z.output<typeof listed>> {
  const filters = labelFilter({ ...labels, [platformLabel]: platformId });
  const query = { all: '1', filters };
  return client.json(listed, { action: 'list containers', method: 'GET', path: '/containers/json', query });
}

/** Kills it if it runs; one that is gone is no error. Its anonymous volumes go with it. */
export async function removeContainer(client: DockerClient, id: string): Promise<void> {
  const query = { force: '1', v: '1' };
  try {
    await client.call({ action: `remove container ${id}`, method: 'DELETE', path: `/containers/${id}`, query });
  } catch (error) {
    if (!isGone(error) && !isBeingRemoved(error)) throw error;
  }
}

/** 409 `removal of container ... is already in progress`: somebody else was first. */
function isBeingRemoved(error: unknown): boolean {
  return error instanceof Error && error.message.includes('already in progress');
}

/** Kills and removes all that carry `labels`. */
export async function removeContainers(
  client: DockerClient,
  platformId: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const containers = await listContainers(client, platformId, labels);
  await Promise.all(containers.map((container) => removeContainer(client, container.Id)));
}

/** Docker's words, then Podman's. `removing` is left out: it is as good as gone. */
const states: Readonly<Record<string, InstanceState>> = {
  created: 'created',
  running: 'running',
  paused: 'paused',
  exited: 'exited',
  dead: 'exited',
  restarting: 'exited',
  configured: 'created',
  initialized: 'created',
  stopping: 'running',
  stopped: 'exited',
};

/** @returns undefined for a container that is being removed, or whose labels are not those of an instance. */
export function instanceOf(platformId: string, container: InspectedContainer): Instance | undefined {
  const labels = instanceLabelSchema.safeParse(container.Config.Labels);
  const state = states[container.State.Status];
  if (!labels.success || state === undefined) return undefined;
  const { StartedAt, FinishedAt, ExitCode, OOMKilled } = container.State;
  const address = container.NetworkSettings.Networks[networkNames(platformId).instances.name]?.IPAddress;
  return {
    id: container.Id,
    ...labels.data,
    state,
    address: address === '' || state === 'exited' || state === 'created' ? undefined : address,
    // The engine writes the year 1 for what never happened.
    startedAt: StartedAt.getTime() > 0 ? StartedAt : undefined,
    exit: state === 'exited' ? { code: ExitCode, outOfMemory: OOMKilled, at: FinishedAt } : undefined,
  };
}

/**
 * Lists instances. The engine's list lacks exit codes and start times, so each is looked at once for each state it is in: later
 * lists are one call, however many instances there are.
 */
export function createInstanceList(client: DockerClient, platformId: string): () => Promise<readonly Instance[]> {
  let known = new Map<string, Instance | undefined>();
  return async () => {
    const containers = await listContainers(client, platformId, { [kindLabel]: 'instance' });
    const entries = await Promise.all(
      containers.map(async ({ Id, State }) => {
        const key = `${Id} ${State}`;
        return [key, known.has(key) ? known.get(key) : await lookAt(client, platformId, Id)] as const;
      }),
    );
    // What moved on between the list and the look is looked at again the next time.
    known = new Map(entries.filter(([key, instance]) => instance !== undefined && key.endsWith(` ${instance.state}`)));
    return entries.flatMap(([, instance]) => instance ?? []);
  };
}

async function lookAt(client: DockerClient, platformId: string, id: string): Promise<Instance | undefined> {
  try {
    return instanceOf(platformId, await inspectContainer(client, id));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
