import type { Readable } from 'node:stream';
import type { ZodType } from 'zod';
import { engineUnreachable } from './docker-errors.ts';

/** Bytes of an answer as they come. @throws ShipwayError engine_unavailable when it breaks off. */
export async function* readChunks(answer: Readable, action: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer) yield chunk;
  } catch (error) {
    throw engineUnreachable(action, error);
  }
}

export async function readBody(answer: Readable, action: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readChunks(answer, action)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Newline-delimited JSON, as /events and /images/create answer. */
export async function* readJsonLines<Value>(
  answer: Readable,
  schema: ZodType<Value>,
  action: string,
): AsyncGenerator<Value> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of readChunks(answer, action)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield schema.parse(JSON.parse(line));
  }
  if (rest.trim() !== '') yield schema.parse(JSON.parse(rest));
}
