import { connect, type Socket } from 'node:net';
import type { RouterCommand, RouterReport } from '../../server/domain/route.ts';
import { LogBuffer } from './log-buffer.ts';
import { createLineSplitter } from './message-lines.ts';
import { PendingBytes } from './pending-bytes.ts';
import { parseResponseHead } from './response-head.ts';
import { parseRouterCommand } from './route-message.ts';
import type { Address } from './upstream.ts';

const batchMs = 20;
const firstRetryMs = 100;
const longestRetryMs = 5000;
/** Lines kept while the server is away. */
const keptLines = 10_000;
/** A server that reads slower than this gets no more lines until it has caught up. */
const maxUnsentBytes = 4 * 2 ** 20;

export interface ControlClient {
  /** `at` is unix ms, `text` as formatAccess has it. */
  log(appId: string, at: number, text: string): void;
  drained(instanceId: string): void;
  /** Sends what is left, then closes. */
  close(): void;
}

/**
 * The router's end of the control channel: connects to the server, says what it serves, applies and acknowledges what
 * comes, and comes back by itself. The server being away never disturbs a request.
 */
export function createControlClient(options: {
  readonly server: Address;
  readonly token: string;
  readonly routerId: string;
  /** Version of the table that is served. */
  readonly version: () => number;
  readonly draining: () => readonly string[];
  readonly apply: (command: RouterCommand) => void;
  readonly note: (text: string) => void;
}): ControlClient {
  const lines = new LogBuffer({ maxLines: keptLines });
  let open: Socket | undefined;
  let closing = false;
  let retryMs = firstRetryMs;
  let retry: NodeJS.Timeout | undefined;
  let batch: NodeJS.Timeout | undefined;

  const report = (message: RouterReport): void => void open?.write(`${JSON.stringify(message)}\n`);
  const flush = (): void => {
    clearTimeout(batch);
    batch = undefined;
    while (open !== undefined && open.writableLength < maxUnsentBytes) {
      const next = lines.take(Date.now());
      if (next === undefined) return;
      open.write(next);
    }
  };
  const onCommand = (line: string): void => {
    const command = parseRouterCommand(line);
    options.apply(command);
    report({ type: 'ack', version: options.version(), draining: options.draining() });
  };
  const start = (): void => {
    const socket = openChannel(options, {
      onOpen: () => {
        open = socket;
        retryMs = firstRetryMs;
        options.note('connected to the server');
        report({ type: 'hello', routerId: options.routerId, pid: process.pid, version: options.version() });
        flush();
      },
      onLine: onCommand,
      onDrain: flush,
      onClose: (reason) => {
        if (open === socket) options.note(`lost the server: ${reason}`);
        open = undefined;
        if (closing) return;
        retry = setTimeout(start, retryMs * (0.5 + Math.random() / 2));
        retryMs = Math.min(longestRetryMs, retryMs * 2);
      },
    });
  };
  start();
  return {
    log: (appId, at, text) => {
      lines.push(appId, at, text);
      if (open === undefined) return;
      if (lines.full) flush();
      else batch ??= setTimeout(flush, batchMs);
    },
    drained: (instanceId) => report({ type: 'drained', instanceId }),
    close: () => {
      closing = true;
      clearTimeout(retry);
      flush();
      open?.end();
    },
  };
}

interface ChannelListener {
  onOpen(): void;
  onLine(line: string): void;
  onDrain(): void;
  onClose(reason: string): void;
}

/** Upgrades an HTTP connection to the channel: `GET /router/control`, then newline-delimited JSON both ways. */
function openChannel(options: { readonly server: Address; readonly token: string }, listener: ChannelListener): Socket {
  const head = new PendingBytes();
  const split = createLineSplitter();
  let upgraded = false;
  let reason = 'it closed the connection';
  const socket = connect({ ...options.server, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 });
  socket.on('connect', () => {
    socket.write(
      `GET /router/control HTTP/1.1\r\nHost: ${options.server.host}:${options.server.port}\r\nConnection: Upgrade\r\n` +
        `Upgrade: shipway-router\r\nAuthorization: Bearer ${options.token}\r\n\r\n`,
    );
  });
  const onText = (text: string): void => {
    for (const line of split(text)) listener.onLine(line);
  };
  const decoder = new TextDecoder();
  const onHead = (chunk: Buffer): void => {
    head.append(chunk);
    const end = head.headEnd();
    if (end === -1) return;
    const response = parseResponseHead(head.view().toString('latin1', 0, end + 2), 'GET');
    if (typeof response === 'string' || response.status !== 101) {
      throw new Error(`it answered ${typeof response === 'string' ? response : response.status} to the upgrade`);
    }
    head.drop(end + 4);
    upgraded = true;
    listener.onOpen();
    onText(decoder.decode(head.view(), { stream: true }));
  };
  socket.on('data', (chunk: Buffer) => {
    try {
      if (upgraded) onText(decoder.decode(chunk, { stream: true }));
      else onHead(chunk);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined);
    }
  });
  socket.on('drain', listener.onDrain);
  socket.on('error', (error) => {
    reason = error.message;
  });
  socket.on('close', () => listener.onClose(reason));
  return socket;
}
