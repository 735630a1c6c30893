import type { ReleaseImage } from '../../server/domain/release.ts';

export const sampleImage: ReleaseImage = {
  repository: 'app',
  digest: `sha256:${'a'.repeat(64)}`,
  sizeBytes: 1234,
  processTypes: [
    { type: 'web', command: 'node server.js' },
    { type: 'worker', command: 'node worker.js' },
  ],
  buildpack: 'Node.js',
};
