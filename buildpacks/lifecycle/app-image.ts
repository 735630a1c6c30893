import { instancePort } from '../../server/domain/instance.ts';
import type { ProcessType } from '../../server/domain/process-type.ts';
import type { ReleaseImage } from '../../server/domain/release.ts';
import type { Blob } from '../image/blob-store.ts';
import { type ImageConfig, writeImage } from '../image/write-image.ts';
import { appUser, type BuildContext } from './build-context.ts';
import { launcherPath } from './launcher.ts';

export async function writeAppImage(
  context: BuildContext,
  layers: readonly Blob[],
  processTypes: readonly ProcessType[],
): Promise<ReleaseImage> {
  const { options, request, plan, base } = context;
  const { digest, sizeBytes } = await writeImage({
    blobs: options.blobs,
    manifests: options.manifests,
    repository: request.appId,
    layers: [base, ...layers],
    config: imageConfig(context, processTypes),
  });
  return { repository: request.appId, digest, sizeBytes, processTypes, buildpack: plan.displayName };
}

function imageConfig({ request, plan, base }: BuildContext, processTypes: readonly ProcessType[]): ImageConfig {
  const web = processTypes.find(({ type }) => type === 'web');
  return {
    env: { HOME: '/app', LANG: 'C.UTF-8', PATH: '/usr/local/bin:/usr/bin:/bin', STACK: base.stack, ...plan.env },
    user: `${appUser}:${appUser}`,
    workingDir: '/app',
    entrypoint: [launcherPath],
    cmd: web === undefined ? [] : [web.command],
    labels: {
      'org.opencontainers.image.revision': request.commit,
      'org.opencontainers.image.title': request.appName,
      'shipway.buildpack': `${plan.buildpack}@${plan.version}`,
      'shipway.stack': base.stack,
      'shipway.tree': request.tree,
    },
    exposedPorts: [`${instancePort}/tcp`],
  };
}
