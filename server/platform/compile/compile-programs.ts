import { join } from 'node:path';
import { environment } from '../environment.ts';
import { nodeArgs } from '../programs.ts';
import { run } from '../run.ts';

/** Compiles all programs before the first of them starts, into Node's compile cache. Without NODE_COMPILE_CACHE there is nothing to do. */
export async function compilePrograms(): Promise<void> {
  const { PATH = '', NODE_COMPILE_CACHE } = environment;
  if (!NODE_COMPILE_CACHE) return;
  // A failure costs memory alone; what is wrong with a program, it says itself when it starts.
  await run(process.execPath, [...nodeArgs, join(import.meta.dirname, 'programs.ts')], {
    env: { PATH, NODE_COMPILE_CACHE },
  });
}
