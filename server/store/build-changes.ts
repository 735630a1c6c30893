import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

export interface BuildChanges {
  /** As `Builds.changes` promises. */
  of(buildId: string, signal: AbortSignal): AsyncIterable<void>;
  close(): Promise<void>;
}

const channel = 'shipway_builds';
/** Everybody looks again this often even without a word, in case one was lost. */
const pollMs = 5_000;
const longestPauseMs = 2_000;

type Wake = () => void;

/**
 * One connection listens for all readers (LISTEN; the trigger `builds_change` tells the build's id). It opens with the first
 * reader, comes back by itself, and then wakes all readers: what was told meanwhile is not told again.
 */
export function createBuildChanges(options: {
  readonly databaseUrl: string;
  readonly log: (text: string) => void;
}): BuildChanges {
  const readers = new Map<string, Set<Wake>>();
  const closing = new AbortController();
  let listening: Promise<void> | undefined;

  const wake = (buildId: string) => {
    for (const reader of readers.get(buildId) ?? []) reader();
  };
  const wakeAll = () => {
    for (const buildId of readers.keys()) wake(buildId);
  };
  const subscribe = (buildId: string, reader: Wake) => {
    readers.set(buildId, (readers.get(buildId) ?? new Set()).add(reader));
    listening ??= listenForEver({ ...options, onChange: wake, onListening: wakeAll, signal: closing.signal });
    return () => {
      readers.get(buildId)?.delete(reader);
      if (readers.get(buildId)?.size === 0) readers.delete(buildId);
    };
  };
  return {
    of: (buildId, signal) => follow((reader) => subscribe(buildId, reader), AbortSignal.any([signal, closing.signal])),
    async close() {
      closing.abort();
      await listening;
    },
  };
}

/** Wakes at the start, at each word, and each `pollMs`. Words that come while the reader works are one wake. */
async function* follow(subscribe: (wake: Wake) => () => void, signal: AbortSignal): AsyncGenerator<void> {
  let woken = true;
  let wakeUp: Wake = () => undefined;
  const wake = () => {
    woken = true;
    wakeUp();
  };
  const unsubscribe = subscribe(wake);
  signal.addEventListener('abort', wake);
  try {
    while (!signal.aborted) {
      if (!woken) {
        const timer = setTimeout(wake, pollMs);
        await new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
        clearTimeout(timer);
      }
      woken = false;
      if (!signal.aborted) yield;
    }
  } finally {
    signal.removeEventListener('abort', wake);
    unsubscribe();
  }
}

interface Listening {
  readonly databaseUrl: string;
  readonly log: (text: string) => void;
  readonly onChange: (buildId: string) => void;
  readonly onListening: () => void;
  readonly signal: AbortSignal;
}

async function listenForEver({ log, signal, ...options }: Listening): Promise<void> {
  for (let pauseMs = 100; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      await listenOnce({
        ...options,
        signal,
        onListening: () => {
          pauseMs = 100;
          options.onListening();
        },
      });
    } catch (thrown) {
      if (pauseMs === 100) log(`store: lost the connection that tells of builds, trying again: ${String(thrown)}`);
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Ends when `signal` aborts. @throws what broke the connection */
async function listenOnce(options: Omit<Listening, 'log'>): Promise<void> {
  const { databaseUrl, onChange, onListening, signal } = options;
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'shipway listen',
  });
  const ended = new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('end', () => reject(new Error('the connection ended')));
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  // It may fail before anybody waits for it.
  ended.catch(() => undefined);
  client.on('notification', ({ payload }) => onChange(payload ?? ''));
  try {
    await client.connect();
    await client.query(`listen ${channel}`);
    onListening();
    await ended;
  } finally {
    await client.end().catch(() => undefined);
  }
}
