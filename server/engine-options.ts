import type { DockerEngineOptions } from '../runtime/engine/docker-engine.ts';
import { createHostRules } from '../runtime/engine/host-rules.ts';
import type { Config } from './config.ts';
import { run } from './platform/run.ts';

/** The registry as the engine reaches it: through the router, on loopback, where plain HTTP is allowed to engines. */
export function registryHost(config: Config): string {
  return `127.0.0.1:${config.SHIPWAY_PORT}`;
}

/** The same engine for server, worker and tear-down. */
export function engineOptions(config: Config, log: (text: string) => void): DockerEngineOptions {
  return {
    host: config.DOCKER_HOST,
    platformId: config.SHIPWAY_PLATFORM_ID,
    registry: { host: registryHost(config), username: 'engine', password: config.SHIPWAY_ENGINE_TOKEN },
    hostRules: createHostRules({ platformId: config.SHIPWAY_PLATFORM_ID, run, log }),
    log,
  };
}
