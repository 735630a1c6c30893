import { createDockerEngine } from '../runtime/engine/docker-engine.ts';
import { readConfig } from './config.ts';
import { engineOptions } from './engine-options.ts';

/** Stops and removes every container, network and host rule of this platform, and nothing else. Volumes and images stay. */
const engine = createDockerEngine(engineOptions(readConfig(), (text) => process.stderr.write(`${text}\n`)));
await engine.shutDown();
engine.close();
