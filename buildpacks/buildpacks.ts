import type { Buildpack } from '../server/domain/build-plan.ts';
import { createNodejsBuildpack } from './nodejs/nodejs.ts';
import { createStaticBuildpack } from './static/static.ts';

/** Buildpacks that come with Shipway, in the order in which they are asked. */
export function createBuildpacks({ arch }: { readonly arch: 'x64' | 'arm64' }): readonly Buildpack[] {
  return [createNodejsBuildpack({ arch }), createStaticBuildpack({ arch })];
}

/** Runtimes of these buildpacks, and the npm packages whose versions are theirs: for `createVersionCatalog`. */
export function versionPackages({ arch }: { readonly arch: 'x64' | 'arm64' }): Readonly<Record<string, string>> {
  return { node: `node-linux-${arch}`, npm: 'npm' };
}
