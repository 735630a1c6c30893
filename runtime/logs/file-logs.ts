import path from 'node:path';
import type { LogLine, Logs } from '../../server/domain/log.ts';
import { AppLog } from './app-log.ts';
import type { InstanceMark } from './log-record.ts';

/** `Logs`, and what the collector needs besides: how far each instance was read, stored with its lines. */
export interface InstanceLogs extends Logs {
  append(appId: string, lines: readonly LogLine[], mark?: InstanceMark): void;
  /** Resolves when all lines of the app are on disk, or when `signal` aborts: who waits for it now and then fills no memory. */
  stored(appId: string, signal: AbortSignal): Promise<void>;
  cursorOf(appId: string, instanceId: string): Promise<string | undefined>;
  /** Forgets the cursors of all other instances of the app. */
  keepCursors(appId: string, instanceIds: ReadonlySet<string>): Promise<void>;
}

export interface FileLogsOptions {
  /** `<root>/<app id>/<first position>.log`. */
  readonly root: string;
  /** Of one app; the oldest lines go first. Default 50 MiB. */
  readonly maxBytesPerApp?: number;
  readonly segmentBytes?: number;
  readonly clock: () => Date;
  readonly log: (text: string) => void;
}

const flushMs = 20;
/** A disk that is full now is asked again a second later. */
const retryMs = 1000;

/** App logs as files. Appending never waits: lines are written together, once for each app in 20 ms. No file stays open. */
export function createFileLogs(options: FileLogsOptions): InstanceLogs {
  const maxBytes = options.maxBytesPerApp ?? 50 * 2 ** 20;
  const limits = { maxBytes, segmentBytes: options.segmentBytes ?? Math.ceil(maxBytes / 10) };
  const apps = new Map<string, AppLog>();
  const waiting = new Set<string>();
  let flushing: Promise<void> = Promise.resolve();
  let scheduled = false;
  let failing = false;

  function appLog(appId: string): AppLog {
    const known = apps.get(appId) ?? new AppLog(path.join(options.root, folderName(appId)), limits, options.clock);
    apps.set(appId, known);
    return known;
  }

  function schedule(delayMs: number): void {
    if (scheduled) return;
    scheduled = true;
    setTimeout(async () => {
      const failure = await flush().then(
        () => undefined,
        (error: Error) => error,
      );
      scheduled = false;
      if (failure !== undefined && !failing) {
        options.log(`Cannot write app logs: ${failure.message}. Lines wait in memory; free some space.`);
      }
      failing = failure !== undefined;
      if (waiting.size > 0) schedule(failing ? retryMs : flushMs);
    }, delayMs);
  }

  /** Behind a flush that is under way: who stops after this one must not cut that one off. */
  function flush(): Promise<void> {
    flushing = flushing.catch(() => undefined).then(flushWaiting);
    return flushing;
  }

  /** All apps get their turn, also when one fails. */
  async function flushWaiting(): Promise<void> {
    let failure: unknown;
    for (const appId of [...waiting]) {
      waiting.delete(appId);
      await appLog(appId)
        .flush()
        .catch((error: unknown) => {
          waiting.add(appId);
          failure = error;
        });
    }
    if (failure !== undefined) throw failure;
  }

  return {
    append: (appId, lines, mark) => {
      appLog(appId).append(lines, mark);
      waiting.add(appId);
      schedule(flushMs);
    },
    read: async function* (appId, query, signal) {
      // What was appended before the call is read by it. A full disk does not keep old lines from readers.
      await appLog(appId)
        .flush()
        .catch(() => undefined);
      yield* appLog(appId).read(query, signal);
    },
    // Its log stays in the map, removed, so that a late line does not bring the folder back. Ids are never used again.
    remove: (appId) => appLog(appId).remove(),
    flush,
    stored: (appId, signal) => appLog(appId).stored(signal),
    cursorOf: (appId, instanceId) => appLog(appId).cursorOf(instanceId),
    keepCursors: (appId, instanceIds) => appLog(appId).keepCursors(instanceIds),
  };
}

/** An id is the name of a folder, so it may hold nothing that leads out of the root. */
function folderName(appId: string): string {
  if (!/^[\w-]+$/.test(appId)) throw new Error(`Cannot open the log of app ${JSON.stringify(appId)}: no such id.`);
  return appId;
}
