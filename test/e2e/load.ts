import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestPlatform } from '../support/platform.ts';

interface LoadResult {
  readonly sent: number;
  /** What was not answered with 200, in the order it came: status and body, or the socket's error. */
  readonly failures: readonly string[];
  /** Bodies of the answers, with how many there were of each. */
  readonly bodies: ReadonlyMap<string, number>;
}

export interface Load {
  /** Lets the requests that are under way finish. */
  readonly stop: () => Promise<LoadResult>;
}

type Ask = (path: string) => Promise<{ readonly status: number; readonly body: string }>;

function createAsk(platform: TestPlatform, app: string, agent: Agent): Ask {
  const headers = { host: `${app}.localhost:${platform.port}` };
  return (path) =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: platform.port, path, headers, agent }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      sent.on('error', reject);
      sent.end();
    });
}

/**
 * Requests without a break until it is stopped: half of the clients keep their connections, half take a new one each time; some ask for
 * an answer that takes its time, so that there is always one in flight.
 */
export function startLoad(
  platform: TestPlatform,
  app: string,
  options: { readonly clients?: number; readonly pauseMs?: number } = {},
): Load {
  const { clients = 20, pauseMs = 30 } = options;
  const keeping = new Agent({ keepAlive: true });
  const fresh = new Agent({ keepAlive: false });
  const failures: string[] = [];
  const bodies = new Map<string, number>();
  let sent = 0;
  let stopped = false;

  async function client(number: number): Promise<void> {
    const ask = createAsk(platform, app, number % 2 === 0 ? keeping : fresh);
    const path = number % 5 === 0 ? '/slow' : '/';
    while (!stopped) {
      sent++;
      const answer = await ask(path).catch((error: Error) => ({ status: 0, body: error.message }));
      if (answer.status !== 200) failures.push(`${answer.status} ${answer.body}`);
      else bodies.set(answer.body, (bodies.get(answer.body) ?? 0) + 1);
      await sleep(pauseMs);
    }
  }

  const running = Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  return {
    stop: async () => {
      stopped = true;
      await running;
      keeping.destroy();
      fresh.destroy();
      return { sent, failures, bodies };
    },
  };
}
