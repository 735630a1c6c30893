/** Gathers lines that come in bursts into few writes, in order. What is written while a write is under way goes with the next. */
export function createLineWriter(append: (lines: readonly string[]) => Promise<void>): {
  readonly write: (line: string) => void;
  /** Resolves when all lines so far are written. @throws what `append` threw. */
  readonly flush: () => Promise<void>;
} {
  let waiting: string[] = [];
  let writing: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await append(batch).catch((error: unknown) => {
        waiting = [...batch, ...waiting];
        throw error;
      });
    }
  }

  function start(): Promise<void> {
    writing ??= drain().finally(() => {
      writing = undefined;
    });
    return writing;
  }

  return {
    write: (line) => {
      waiting.push(line);
      // A failed write is told by flush; until then the lines go on.
      start().catch(() => undefined);
    },
    flush: async () => {
      while (writing || waiting.length > 0) await start();
    },
  };
}
