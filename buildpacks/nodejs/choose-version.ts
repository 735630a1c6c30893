import semver from 'semver';
import { ShipwayError } from '../../server/domain/error.ts';

export interface ChosenVersion {
  readonly version: string;
  /** Where the wish came from: `engines.node ">=22"`, `.nvmrc`, `default`. */
  readonly because: string;
}

/** A wish for a version and the file or field that holds it. */
export interface VersionWish {
  readonly range: string;
  readonly source: string;
}

/** The newest major in long-term support when this buildpack's version was cut. */
const defaultMajor = '24';

/** nvm's names of long-term support lines (nodejs/Release, CODENAMES.md). */
const codenames: Readonly<Record<string, string>> = {
  argon: '4',
  boron: '6',
  carbon: '8',
  dubnium: '10',
  erbium: '12',
  fermium: '14',
  gallium: '16',
  hydrogen: '18',
  iron: '20',
  jod: '22',
  krypton: '24',
};

/** The npm that belongs to a Node.js: its major as shipped, or the newest whose own `engines` take that Node.js. */
const npmMajors: readonly (readonly [nodeRange: string, npmMajor: string])[] = [
  ['>=24', '11'],
  ['>=20.5 || ^18.17', '10'],
  ['>=18', '9'],
  ['16 || 17', '8'],
  ['15', '7'],
  ['*', '6'],
];

/** Newest version that satisfies the wish. @throws ShipwayError invalid_params when the wish cannot be met. */
export function chooseNode(versions: readonly string[], wish: VersionWish | undefined): ChosenVersion {
  const range = wish === undefined ? defaultMajor : toRange(wish.range);
  const version = semver.maxSatisfying([...versions], range);
  if (version !== null) return { version, because: wish === undefined ? 'the default' : describe(wish) };
  throw notFound('Node.js', wish ?? { range: defaultMajor, source: 'the default' }, versions);
}

/** `wish` is engines.npm; without it, the npm that ships with that Node.js. */
export function chooseNpm(versions: readonly string[], node: string, wish: VersionWish | undefined): ChosenVersion {
  const major = npmMajors.find(([range]) => semver.satisfies(node, range))?.[1] ?? '11';
  const version = semver.maxSatisfying([...versions], wish === undefined ? major : toRange(wish.range));
  if (version !== null) return { version, because: wish === undefined ? `goes with Node.js ${node}` : describe(wish) };
  throw notFound('npm', wish ?? { range: major, source: 'the default' }, versions);
}

/** What `.nvmrc` and `.node-version` may hold besides a version: `lts/*`, `lts/jod`, `node`, a comment. */
export function readVersionFile(text: string): string | undefined {
  const line = text
    .split('\n')
    .map((entry) => entry.replace(/#.*/, '').trim())
    .find((entry) => entry !== '');
  return line?.slice(0, 100);
}

function toRange(wish: string): string {
  const text = wish.trim().toLowerCase();
  if (text === 'lts/*' || text === 'lts') return defaultMajor;
  if (text === 'node' || text === 'stable' || text === 'latest' || text === 'current') return '*';
  const codename = text.startsWith('lts/') ? codenames[text.slice(4)] : undefined;
  return codename ?? text;
}

function describe({ range, source }: VersionWish): string {
  return `${source} "${range}"`;
}

function notFound(runtime: string, wish: VersionWish, versions: readonly string[]): ShipwayError {
  const newest = versions.at(-1);
  const known = newest === undefined ? 'no version is known' : `the newest known version is ${newest}`;
  const problem =
    semver.validRange(toRange(wish.range)) === null ? 'is not a version range' : `matches no version; ${known}`;
  return new ShipwayError(
    'invalid_params',
    `Cannot choose a version of ${runtime}: ${describe(wish)} ${problem}. Name one that exists, for instance "${defaultMajor}.x" for Node.js.`,
  );
}
