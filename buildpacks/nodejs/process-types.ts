import type { SourceTree } from '../../server/domain/build-plan.ts';
import { ShipwayError } from '../../server/domain/error.ts';
import type { ProcessType } from '../../server/domain/process-type.ts';
import type { PackageJson } from './package-json.ts';

/** `node` and words without a meaning to a shell: the same program runs with and without npm around it. */
const plainNodeCommand = /^node(?: +[\w@%+=:,./-]+)+$/;
const plainPath = /^[\w@%+=:,./-]+$/;

export interface StartChoice {
  readonly processTypes: readonly ProcessType[];
  readonly notes: readonly string[];
}

/**
 * Default process types: the start script, else server.js (Heroku's order), else `main`. None where a Procfile names them.
 * @throws ShipwayError invalid_params when nothing says how the app starts.
 */
export function chooseStart(tree: SourceTree, packageJson: PackageJson): StartChoice {
  const { scripts, main } = packageJson;
  if (scripts.start !== undefined) return startScript(scripts);
  if (tree.files.has('server.js')) return web('node server.js', []);
  const file = main === undefined ? undefined : mainFile(tree, main);
  if (file !== undefined) return web(`node ${file}`, [`Starting ${file} (main in package.json)`]);
  if (tree.files.has('Procfile')) return { processTypes: [], notes: [] };
  throw new ShipwayError(
    'invalid_params',
    'Cannot tell how the app starts: there is no Procfile, no "start" script in package.json, no server.js and no "main" file. Add a Procfile with a line such as "web: node index.js".',
  );
}

function startScript(scripts: Readonly<Record<string, string>>): StartChoice {
  const script = scripts.start?.trim() ?? '';
  const wrapped = scripts.prestart !== undefined || scripts.poststart !== undefined;
  // npm costs its own start-up time and memory and does not hand every signal on, so it runs only where it adds something.
  if (!wrapped && plainNodeCommand.test(script)) return web(script, []);
  return web('npm start', [
    'The web process is "npm start"; a Procfile with the command itself starts faster and gets signals directly',
  ]);
}

/** As `require` resolves it: the file itself, with `.js`, or an index.js in that folder. */
function mainFile(tree: SourceTree, main: string): string | undefined {
  const base = main.replace(/^\.\//, '').replace(/\/+$/, '');
  if (!plainPath.test(base)) return undefined;
  return [base, `${base}.js`, `${base}/index.js`].find((file) => tree.files.has(file));
}

function web(command: string, notes: readonly string[]): StartChoice {
  return { processTypes: [{ type: 'web', command }], notes };
}
