import { randomBytes } from 'node:crypto';
import { createDockerEngine } from '../../../runtime/engine/docker-engine.ts';
import { createHostRules } from '../../../runtime/engine/host-rules.ts';
import { engineContract } from '../../contract/engine.ts';
import { run } from './run-command.ts';
import { importTestImage, removeTestImage } from './test-image.ts';

const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
const registry = { host: '127.0.0.1:1', username: 'none', password: 'none' };

function makeEngine(platformId: string) {
  const log = (text: string) => process.stderr.write(`${text}\n`);
  const hostRules = createHostRules({ platformId, run, log });
  return createDockerEngine({ host, platformId, registry, hostRules, log });
}

engineContract('docker', async () => {
  const random = randomBytes(4).toString('hex');
  const engine = makeEngine(`t${random}a`);
  const neighbour = makeEngine(`t${random}b`);
  const image = await importTestImage(host);
  return {
    engine,
    neighbour,
    image,
    close: async () => {
      await engine.shutDown();
      await neighbour.shutDown();
      await removeTestImage(host, image);
      engine.close();
      neighbour.close();
    },
  };
});
