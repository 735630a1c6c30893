import { once } from 'node:events';
import { type Agent, type IncomingMessage, request } from 'node:http';

export async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Sends one request through the router by Node's own client, body chunked unless `length`. */
export async function send(
  port: number,
  options: { readonly method?: string; readonly body?: Buffer; readonly length?: boolean; readonly agent?: Agent } = {},
): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer; trailers: NodeJS.Dict<string> }> {
  const { method = 'GET', body, length = false, agent } = options;
  const headers = { host: 'demo.localhost', ...(body && length ? { 'content-length': body.length } : {}) };
  const sent = request({ port, host: '127.0.0.1', method, headers, ...(agent ? { agent } : {}) });
  if (body && !length) {
    for (let at = 0; at < body.length; at += 100_000) sent.write(body.subarray(at, at + 100_000));
    sent.end();
  } else sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const read = await readAll(answer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: read, trailers: answer.trailers };
}
