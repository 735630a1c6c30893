import type { EngineLogLine } from '../../server/domain/engine.ts';
import { readChunks } from './docker-answer.ts';
import type { DockerClient } from './docker-client.ts';
import { createLineReader, parseCursor, sinceOf } from './log-lines.ts';
import { createFrameReader } from './stdio-frames.ts';

/** Follows what an instance writes; see `Engine.logs`. */
export async function* followLogs(
  client: DockerClient,
  instanceId: string,
  options: { readonly after: string | undefined; readonly signal: AbortSignal },
): AsyncGenerator<EngineLogLine> {
  if (options.signal.aborted) return;
  const after = options.after === undefined ? undefined : parseCursor(options.after);
  const action = `follow the log of container ${instanceId}`;
  const framesOf = createFrameReader();
  const linesOf = createLineReader(after);
  try {
    const answer = await client.stream({
      action,
      method: 'GET',
      path: `/containers/${instanceId}/logs`,
      query: { follow: '1', stdout: '1', stderr: '1', timestamps: '1', ...(after && { since: sinceOf(after) }) },
      signal: options.signal,
    });
    for await (const chunk of readChunks(answer, action)) {
      for (const frame of framesOf(chunk)) yield* linesOf(frame);
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
  }
}
