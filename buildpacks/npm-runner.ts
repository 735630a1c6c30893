import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ShipwayError } from '../server/domain/error.ts';

/** Runs the host's npm and answers its standard output. @throws ShipwayError unavailable with npm's own words. */
export type NpmRunner = (args: readonly string[], options: { readonly signal?: AbortSignal }) => Promise<string>;

const run = promisify(execFile);

/**
 * `npm` fetches toolchains and lists of versions; it never runs code of what it fetches.
 * `env` is the whole environment of the child: PATH, HOME and, where a site has them, its mirror and CA.
 */
export function createNpmRunner(options: {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}): NpmRunner {
  return async (args, { signal }) => {
    try {
      const { stdout } = await run(options.command, [...args, '--no-update-notifier', '--no-audit', '--no-fund'], {
        env: { ...options.env },
        timeout: options.timeoutMs,
        maxBuffer: 64 * 2 ** 20,
        ...(signal === undefined ? {} : { signal }),
      });
      return stdout;
    } catch (error) {
      signal?.throwIfAborted();
      throw new ShipwayError('unavailable', `Cannot fetch from the npm registry: ${reasonOf(error)}. Try again.`, {
        cause: error,
      });
    }
  };
}

/** npm's first line that says something, without its `npm error` prefixes. */
function reasonOf(error: unknown): string {
  const { stderr, killed, message } = error as { stderr?: string; killed?: boolean; message?: string };
  if (killed === true) return 'it took too long';
  const lines = (stderr ?? '').split('\n').filter((line) => /^npm (error|ERR!)/.test(line));
  const words = lines.map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim());
  const said = words.find((line) => line !== '' && !line.startsWith('code '));
  return (said ?? message ?? 'npm failed').split('\n', 1)[0]?.slice(0, 300).replace(/\.$/, '') ?? 'npm failed';
}
