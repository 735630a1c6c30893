import { ByteReader } from './byte-reader.ts';
import { type GitProcess, gitEnded, spawnGit } from './git-process.ts';

/** An idle process is let go after this; the next read starts another. */
const idleMs = 2_000;

const args = ['cat-file', '--batch-command'] as const;

/** Objects of one repository. */
export interface ObjectReader {
  /** The oid behind a revision like `<commit>^{tree}`; undefined when there is none. */
  resolve(revision: string): Promise<string | undefined>;
  contents(oid: string): Promise<Buffer>;
}

/**
 * By one `git cat-file --batch-command` for reads that come close together: the first costs a process (3 ms), the others well under one.
 * It starts at once, so that it is up when it is asked.
 */
export function createObjectReader(repositoryPath: string): ObjectReader {
  let session = startSession(repositoryPath);
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(ask: (session: Session) => Promise<T>): Promise<T> {
    const answer = turn.then(() => {
      if (session.ended) session = startSession(repositoryPath);
      return session.use(ask);
    });
    turn = answer.catch(() => undefined);
    return answer;
  }
  return {
    resolve: (revision) => inTurn(async (session) => (await session.ask(`info ${revision}`))?.oid),
    contents: (oid) =>
      inTurn(async (session) => {
        const head = await session.ask(`contents ${oid}`);
        if (head === undefined) throw new Error(`Cannot read object ${oid}: it is not in ${repositoryPath}.`);
        // A line feed that is not part of the object ends it.
        return (await session.reader.take(head.size + 1)).subarray(0, head.size);
      }),
  };
}

interface Session {
  readonly ended: boolean;
  readonly reader: ByteReader;
  use<T>(ask: (session: Session) => Promise<T>): Promise<T>;
  ask(command: string): Promise<{ readonly oid: string; readonly size: number } | undefined>;
}

function startSession(repositoryPath: string): Session {
  const child: GitProcess = spawnGit(repositoryPath, args);
  const reader = new ByteReader(child.stdout);
  let ended = false;
  const idle = setTimeout(end, idleMs);
  child.stdin.on('error', end);
  gitEnded(child, args).then(end, end);

  function end(): void {
    ended = true;
    clearTimeout(idle);
    child.stdin.end();
  }
  return {
    get ended() {
      return ended;
    },
    reader,
    async use(ask) {
      idle.refresh();
      try {
        return await ask(this);
      } catch (error) {
        // What follows on this pipe may belong to the read that failed.
        end();
        throw error;
      } finally {
        if (!ended) idle.refresh();
      }
    },
    async ask(command) {
      child.stdin.write(`${command}\n`);
      const line = (await reader.takeLine()).toString();
      if (line.endsWith(' missing')) return undefined;
      const [, oid, size] = /^([0-9a-f]{40}) [a-z]+ (\d+)$/.exec(line) ?? [];
      if (oid === undefined) throw new Error(`git cat-file answered ${JSON.stringify(line)} in ${repositoryPath}.`);
      return { oid, size: Number(size) };
    },
  };
}
