import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const pauseMs = 2;
const giveUpMs = 120_000;

/** Asks `port` on loopback over kept connections every 2 ms until the answer is `wanted`. Resolves with the time of that answer. */
export async function firstAnswer(options: {
  readonly port: number;
  readonly host?: string;
  readonly wanted: string;
}): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const deadline = performance.now() + giveUpMs;
  try {
    while (performance.now() < deadline) {
      if ((await ask(agent, options)) === options.wanted) return performance.now();
      await sleep(pauseMs);
    }
    throw new Error(`Cannot measure: port ${options.port} never answered ${options.wanted}.`);
  } finally {
    agent.destroy();
  }
}

/** The answer's text; undefined while nothing answers. */
function ask(
  agent: Agent,
  { port, host }: { readonly port: number; readonly host?: string },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = host === undefined ? {} : { host };
    const outgoing = request({ agent, host: '127.0.0.1', port, headers, timeout: 5_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
      answer.on('error', () => resolve(undefined));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
    outgoing.end();
  });
}
