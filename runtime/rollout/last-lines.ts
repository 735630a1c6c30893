import type { Engine } from '../../server/domain/engine.ts';
import type { Clock } from './clock.ts';

const lineCount = 10;
const longestLine = 300;
const patienceMs = 1_000;

/** What an app writes is hostile: no control characters on somebody else's terminal. */
function cleanLine(text: string): string {
  return text
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, longestLine)
    .trimEnd();
}

/** The last lines an instance wrote; fewer, or none, when the engine does not tell within a second. */
export async function lastLines(engine: Engine, instanceId: string, clock: Clock): Promise<readonly string[]> {
  const patience = new AbortController();
  const cancel = clock.after(patienceMs, () => patience.abort());
  const lines: string[] = [];
  const read = async () => {
    for await (const line of engine.logs(instanceId, { after: undefined, signal: patience.signal })) {
      lines.push(cleanLine(line.text));
      if (lines.length > lineCount) lines.shift();
    }
  };
  const aborted = new Promise<void>((resolve) => patience.signal.addEventListener('abort', () => resolve()));
  // The failure itself matters more than its decoration: a log that cannot be read is no lines.
  await Promise.race([read().catch(() => undefined), aborted]);
  cancel();
  patience.abort();
  return lines.filter((text) => text !== '');
}
