import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A platform that answers what it is told to, and remembers what it was asked. */
export class RecordingServer {
  readonly requests: Recorded[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #server: Server;
  url = '';

  constructor() {
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.url = `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** `GET /apps/hello` -> JSON. */
  json(
    route: string,
    body: unknown,
    options: { readonly status?: number; readonly headers?: Record<string, string> } = {},
  ) {
    this.on(route, (_request, response) => {
      response.writeHead(options.status ?? 200, { 'Content-Type': 'application/json', ...options.headers });
      response.end(JSON.stringify(body));
    });
  }

  on(route: string, answer: Answer): void {
    this.#answers.set(route, answer);
  }

  /** `PATCH /apps/hello {"a":1}` */
  get asked(): readonly string[] {
    return this.requests.map(({ method, path, body }) => `${method} ${path}${body === '' ? '' : ` ${String(body)}`}`);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, path: url, headers, body: await text(request) });
    const answer = this.#answers.get(`${method} ${url.split('?')[0]}`);
    if (answer === undefined) response.writeHead(404).end(JSON.stringify({ id: 'not_found', message: `No ${url}.` }));
    else answer(request, response);
  }
}

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const main = join(import.meta.dirname, '../../../server/cli/main.ts');

/** A home folder of its own, and the real program in it. */
export class Home {
  readonly folder: string;
  env: Record<string, string> = {};

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Home> {
    return new Home(await mkdtemp(join(tmpdir(), 'shipway-cli-')));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  async run(args: readonly string[], options: { readonly input?: string; readonly cwd?: string } = {}): Promise<Ended> {
    return this.spawn(process.execPath, [main, ...args], options);
  }

  async spawn(
    command: string,
    args: readonly string[],
    options: { readonly input?: string; readonly cwd?: string } = {},
  ): Promise<Ended> {
    const child = this.#start(command, args, options.cwd);
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
    const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { exitCode, stdout, stderr };
  }

  /** On a terminal (script, of util-linux): each answer is typed when its question is seen. Answers all that was shown. */
  async runOnTerminal(args: readonly string[], answers: readonly (readonly [string, string])[]): Promise<string> {
    const child = this.#start('script', ['-qec', [process.execPath, main, ...args].join(' '), '/dev/null']);
    let shown = '';
    let next = 0;
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      shown += String(chunk);
      const [question, answer] = answers[next] ?? [];
      if (question === undefined || !shown.includes(question)) continue;
      next += 1;
      child.stdin.write(`${answer}\r`);
    }
    return shown;
  }

  #start(command: string, args: readonly string[], cwd = this.folder) {
    const env = {
      PATH: process.env.PATH,
      HOME: this.folder,
      SHIPWAY_DATA: join(this.folder, 'data'),
      TZ: 'UTC',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      ...this.env,
    };
    return spawn(command, [...args], { cwd, env });
  }
}
