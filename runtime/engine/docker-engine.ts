import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { Engine, EngineCapabilities } from '../../server/domain/engine.ts';
import { ShipwayError } from '../../server/domain/error.ts';
import { type Instance, type InstanceSpec, instanceName } from '../../server/domain/instance.ts';
import { instanceContainer, instanceContainerName } from './container-spec.ts';
import { createDockerClient, type DockerClient } from './docker-client.ts';
import {
  createContainer,
  createInstanceList,
  inspectContainer,
  instanceOf,
  listContainers,
  removeContainer,
  removeContainers,
  startContainer,
} from './docker-containers.ts';
import { isGone } from './docker-errors.ts';
import { watchEvents } from './docker-events.ts';
import { exportImage } from './docker-export.ts';
import { hasImage, pruneImages, pullImage, type RegistryAccess } from './docker-images.ts';
import { runJob } from './docker-job.ts';
import { followLogs } from './docker-logs.ts';
import { prepareNetworks, removeNetworks } from './docker-networks.ts';
import { removeVolumes } from './docker-volumes.ts';
import type { HostRules } from './host-rules.ts';
import { appLabel, kindLabel, labelName } from './labels.ts';

export interface DockerEngineOptions {
  /** `unix:///var/run/docker.sock` or `tcp://host:port`. */
  readonly host: string;
  readonly platformId: string;
  readonly registry: RegistryAccess;
  readonly hostRules: HostRules;
  readonly log: (text: string) => void;
}

const shutDownGraceMs = 10_000;
const version = z.object({
  Version: z.string(),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});

export interface DockerEngine extends Engine {
  /** All files of an image as one flat tar; pulls it where the engine lacks it. */
  exportImage(reference: string): Promise<Readable>;
  /** Lets go of idle connections. */
  close(): void;
}

/** The `Engine` port over the Docker Engine API: Docker 20.10 and later, Podman's socket. */
export function createDockerEngine(options: DockerEngineOptions): DockerEngine {
  const { platformId, registry, log } = options;
  const client = createDockerClient(options.host);
  const local = client.address.kind === 'unix';
  const random = () => randomBytes(4).toString('hex');
  const pull = createPull(client, registry);

  return {
    capabilities: () => readCapabilities(client, local),
    prepare: async () => {
      await prepareNetworks(client, platformId);
      if (local) await options.hostRules.apply();
      else log('The engine runs on another machine: firewall rules that keep instances from its ports are not set.');
    },
    instances: createInstanceList(client, platformId),
    pull,
    start: (spec) => startInstance(client, { platformId, spec, pull, random: random(), log }),
    stop: (instanceId, { graceMs }) => stopContainer(client, instanceId, graceMs),
    remove: (instanceId) => removeContainer(client, instanceId),
    logs: (instanceId, range) => followLogs(client, instanceId, range),
    watch: (signal) => watchEvents(client, platformId, signal),
    run: (job, on) => runJob(client, { platformId, random: random(), job, on, log }),
    stopJobs: ({ name, value }) =>
      removeContainers(client, platformId, { [kindLabel]: 'job', [labelName(name)]: value }),
    removeApp: async (appId) => {
      await removeContainers(client, platformId, { [appLabel]: appId });
      await removeVolumes(client, platformId, { [appLabel]: appId });
    },
    pruneImages: (keepDigests) => pruneImages(client, registry, keepDigests),
    shutDown: async () => {
      const instances = await listContainers(client, platformId, { [kindLabel]: 'instance' });
      await Promise.all(instances.map(({ Id }) => stopContainer(client, Id, shutDownGraceMs)));
      await removeContainers(client, platformId, {});
      await removeNetworks(client, platformId);
      if (local) await options.hostRules.remove();
    },
    exportImage: (reference) => exportImage(client, { platformId, registry, reference, log }),
    close: client.close,
  };
}

async function readCapabilities(client: DockerClient, local: boolean): Promise<EngineCapabilities> {
  const apiVersion = await client.apiVersion();
  const seen = await client.json(version, { action: 'ask for the version', method: 'GET', path: '/version' });
  const podman = seen.Components?.some(({ Name }) => Name.startsWith('Podman')) ?? false;
  return { name: podman ? 'Podman' : 'Docker Engine', version: seen.Version, apiVersion, pause: true, local };
}

/** Two that need the same image wait for one pull. */
function createPull(client: DockerClient, registry: RegistryAccess): Engine['pull'] {
  const running = new Map<string, Promise<void>>();
  return async (image) => {
    const pulled = running.get(image) ?? pullMissing(client, registry, image).finally(() => running.delete(image));
    running.set(image, pulled);
    await pulled;
  };
}

async function pullMissing(client: DockerClient, registry: RegistryAccess, image: string): Promise<void> {
  if (!(await hasImage(client, image))) await pullImage(client, registry, image);
}

async function startInstance(
  client: DockerClient,
  options: {
    readonly platformId: string;
    readonly spec: InstanceSpec;
    readonly pull: Engine['pull'];
    readonly random: string;
    readonly log: (text: string) => void;
  },
): Promise<Instance> {
  const { platformId, spec, pull, log } = options;
  const action = `start ${instanceName(spec)} of ${spec.appName}`;
  const name = instanceContainerName(platformId, spec, options.random);
  const container = { action, name, body: instanceContainer(platformId, spec) };
  const id = await createContainer(client, container).catch(async (error: unknown) => {
    // The image is gone again: somebody pruned.
    if (!isGone(error)) throw error;
    await pull(spec.image);
    return createContainer(client, container);
  });
  try {
    await startContainer(client, id, action);
    const instance = instanceOf(platformId, await inspectContainer(client, id));
    if (instance === undefined) throw new ShipwayError('conflict', `Cannot ${action}: it was removed meanwhile.`);
    return instance;
  } catch (error) {
    await removeContainer(client, id).catch((failure: Error) => log(failure.message));
    throw error;
  }
}

/** SIGTERM, then SIGKILL. One that is gone or has ended is no error. */
async function stopContainer(client: DockerClient, id: string, graceMs: number): Promise<void> {
  const query = { t: String(Math.ceil(graceMs / 1000)) };
  const path = `/containers/${id}/stop`;
  try {
    await client.call({
      action: `stop container ${id}`,
      method: 'POST',
      path,
      query,
      timeoutMs: graceMs + 60_000,
    });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
