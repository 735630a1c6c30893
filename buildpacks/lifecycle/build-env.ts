import type { BuildRequest } from '../../server/domain/build.ts';
import type { BuildPlan, CommandSource } from '../../server/domain/build-plan.ts';

/** Where a site's own CA bundle lies while commands run; never part of an image. */
export const caPath = '/etc/shipway/ca.pem';

/** What the tools of the ecosystems read to find a CA bundle. */
const caVariables = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'npm_config_cafile',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
];

/**
 * Environment of a build command, weakest first: the image's, the site's mirrors and CA, the layer's, the app's config vars; and what no app may
 * change, since paths and caches of the plan depend on it.
 */
export function buildEnvironment(options: {
  readonly request: BuildRequest;
  readonly plan: BuildPlan;
  readonly source: CommandSource;
  readonly stack: string;
  readonly siteEnv: Readonly<Record<string, string>>;
  readonly hasCa: boolean;
}): Record<string, string> {
  const { request, plan, source, stack, siteEnv, hasCa } = options;
  return {
    LANG: 'C.UTF-8',
    ...plan.env,
    ...siteEnv,
    ...(hasCa ? Object.fromEntries(caVariables.map((name) => [name, caPath])) : {}),
    ...source.env,
    ...request.configVars,
    HOME: '/app',
    PATH: plan.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    SOURCE_VERSION: request.commit,
    STACK: stack,
  };
}
