import { type IncomingHttpHeaders, request } from 'node:http';
import { eventually } from '../support/eventually.ts';
import type { TestPlatform } from '../support/platform.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RequestOptions {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent chunked when it comes in several parts. */
  readonly parts?: readonly string[];
  /** Host header in place of `<app>.localhost`. */
  readonly host?: string;
}

/** One request to an app through the router, on a connection of its own. @throws Error of the socket. */
export function ask(platform: TestPlatform, app: string, options: RequestOptions = {}): Promise<Answer> {
  const { path = '/', method = 'GET', parts = [] } = options;
  const host = options.host ?? `${app}.localhost:${platform.port}`;
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: platform.port, path, method, headers: { host, ...options.headers }, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    sent.on('error', reject);
    for (const part of parts) sent.write(part);
    sent.end();
  });
}

/** Asks for `/` again and again until the answer is as wanted. @throws Error with the last answer. */
export function askUntil(
  platform: TestPlatform,
  app: string,
  until: (answer: Answer) => boolean,
  timeoutMs?: number,
): Promise<Answer> {
  return eventually(() => ask(platform, app), until, timeoutMs);
}
