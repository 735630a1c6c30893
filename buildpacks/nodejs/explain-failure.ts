/** npm's words for a failure -> what to do about it. First match wins. */
const knownFailures: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /can only install packages when your package\.json and package-lock\.json|npm-shrinkwrap\.json are in sync|Missing: .* from lock file|Invalid: lock file's/,
    'package-lock.json does not match package.json. Run npm install and commit package-lock.json.',
  ],
  [
    /code ERESOLVE/,
    'Dependencies contradict each other (ERESOLVE). Change the versions in package.json as npm says above.',
  ],
  [/code EBADENGINE/, 'A dependency refuses this version of Node.js. Set engines.node in package.json.'],
  [/code E404|code ETARGET/, 'A dependency is not in the registry. Check its name and version in package.json.'],
  [
    /code (E401|E403|ENEEDAUTH)/,
    'The registry refused access. Set the token that .npmrc names as a config var, for instance NPM_TOKEN.',
  ],
  [
    /code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT)/,
    'The registry could not be reached. Push again once it answers.',
  ],
  [
    /npm (?:error|ERR!) (?:Missing script|missing script)/,
    'package.json lacks a script that the build runs. Add it or remove the call.',
  ],
  [
    /JavaScript heap out of memory/,
    'Node.js ran out of heap. Set the config var NODE_OPTIONS=--max-old-space-size=1536.',
  ],
  [/gyp ERR!/, 'A dependency is compiled at install and could not be. Choose a version with prebuilt binaries.'],
];

/** What to do about a failed npm command, from its last lines. */
export function explainFailure(output: readonly string[]): string | undefined {
  const text = output.join('\n');
  return knownFailures.find(([pattern]) => pattern.test(text))?.[1];
}
