import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import express from 'express';
import { createApi } from '../../../server/api/create-api.ts';
import type { App } from '../../../server/domain/app.ts';
import type { Build } from '../../../server/domain/build.ts';
import type { Control, InstanceView } from '../../../server/domain/control.ts';
import { ShipwayError } from '../../../server/domain/error.ts';
import { zeroOid } from '../../../server/domain/git.ts';
import type { LogLine, Logs } from '../../../server/domain/log.ts';
import type { Release } from '../../../server/domain/release.ts';
import type { Stores } from '../../../server/domain/stores.ts';
import type { User } from '../../../server/domain/user.ts';
import { openStores } from '../../../server/store/open-stores.ts';
import { sampleImage } from '../../contract/sample-image.ts';
import { startTestPostgres } from '../../support/postgres.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** JSON as a test reads it: any field may be asked for. */
interface Json {
  readonly [field: string]: Json | undefined;
}

export interface TestApi {
  readonly baseUrl: string;
  readonly stores: Stores;
  readonly clock: { now: Date };
  readonly owner: { readonly user: User; readonly secret: string };
  readonly stranger: { readonly user: User; readonly secret: string };
  readonly password: string;
  /** What was asked of Control: `restart web.1`. */
  readonly asked: string[];
  readonly logged: string[];
  readonly logs: TestLogs;
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
  newApp(): Promise<App>;
  newRelease(app: App, more?: Partial<Parameters<Stores['releases']['create']>[0]>): Promise<Release>;
  newBuild(app: App): Promise<Build>;
  close(): Promise<void>;
}

interface SendOptions {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export const basic = (name: string, secret: string) => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;

/** The API on a real server and a real PostgreSQL; Control and Logs are small fakes that write to the same stores. */
export async function startTestApi(): Promise<TestApi> {
  const postgres = await startTestPostgres();
  const clock = { now: new Date('2026-11-23T10:00:00.123Z') };
  const secretKey = '1'.repeat(64);
  const logged: string[] = [];
  const log = (text: string) => logged.push(text);
  const { stores, close } = await openStores({ databaseUrl: postgres.url, secretKey, clock: () => clock.now, log });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${portOf(server)}`;
  const asked: string[] = [];
  const logs = createTestLogs();
  const control = createTestControl(stores, asked);
  const router = createApi({
    stores,
    control,
    logs,
    clock: () => clock.now,
    log,
    secretKey,
    baseUrl,
    version: '0.0.1',
  });
  server.on('request', express().use(router));

  const password = 'correct horse battery staple';
  const join = async (email: string) => {
    const user = await stores.users.create({ email, password });
    const { secret } = await stores.users.createToken({ userId: user.id, description: 'test', expiresInS: undefined });
    return { user, secret };
  };
  const owner = await join('owner@example.com');
  const stranger = await join('stranger@example.com');
  let count = 0;
  return {
    baseUrl,
    stores,
    clock,
    owner,
    stranger,
    password,
    asked,
    logged,
    logs,
    send: (method, path, options = {}) => send(baseUrl + path, method, { token: owner.secret, ...options }),
    newApp() {
      count += 1;
      return stores.apps.create({ name: `app-${count}`, ownerId: owner.user.id });
    },
    newRelease: (app, more = {}) =>
      stores.releases.create({
        appId: app.id,
        userId: owner.user.id,
        description: 'Deploy ccccccc',
        image: sampleImage,
        commit: 'c'.repeat(40),
        configVars: { GREETING: 'hello' },
        status: 'succeeded',
        ...more,
      }),
    newBuild: (app) =>
      stores.builds.create({
        appId: app.id,
        userId: owner.user.id,
        commit: 'c'.repeat(40),
        tree: 'd'.repeat(40),
        ref: 'refs/heads/main',
        oldCommit: zeroOid,
        phases: [{ name: 'receive', durationMs: 12 }],
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await close();
      await postgres.stop();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

async function send(url: string, method: string, { token, headers = {}, body }: SendOptions): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      Accept: 'application/vnd.heroku+json; version=3',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

interface TestLogs extends Logs {
  readonly lines: LogLine[];
}

/** Keeps lines in memory; a place is an index. A tail waits until its reader leaves. */
function createTestLogs(): TestLogs {
  const lines: LogLine[] = [];
  return {
    lines,
    append: (_appId, more) => void lines.push(...more),
    async *read(_appId, query, signal) {
      const placed = lines.map((line, index) => ({ ...line, place: index + 1 }));
      const wanted = placed.filter(
        (line) =>
          line.place > (query.after ?? 0) &&
          (query.source === undefined || line.source === query.source) &&
          (query.instance === undefined || line.instance === query.instance),
      );
      yield* wanted.slice(-query.lines);
      if (query.tail && !signal.aborted) await once(signal, 'abort');
    },
    remove: async () => undefined,
    flush: async () => undefined,
  };
}

const webInstance: InstanceView = {
  instance: {
    id: 'container-1',
    appId: 'app',
    appName: 'app',
    processType: 'web',
    slot: 1,
    releaseVersion: 1,
    state: 'running',
    address: '10.0.0.2',
    startedAt: new Date('2026-11-23T09:00:00Z'),
    exit: undefined,
  },
  state: 'up',
  command: 'node server.js',
  size: 'standard-1x',
  since: new Date('2026-11-23T09:00:01Z'),
};

function createTestControl(stores: Stores, asked: string[]): Control {
  return {
    createApp: ({ name = 'a-random-name', user }) => stores.apps.create({ name, ownerId: user.id }),
    renameApp: (app, name) => stores.apps.update(app.id, { name }),
    setMaintenance: (app, maintenance) => stores.apps.update(app.id, { maintenance }),
    destroyApp: (app) => stores.apps.remove(app.id),
    configVars: async (app) => (await stores.releases.latest(app.id))?.configVars ?? {},
    async setConfigVars({ app, user, changes }) {
      const before = (await stores.releases.latest(app.id))?.configVars ?? {};
      const after = Object.entries({ ...before, ...changes }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      );
      const release = {
        appId: app.id,
        userId: user.id,
        image: undefined,
        commit: undefined,
        status: 'succeeded' as const,
      };
      const configVars = Object.fromEntries(after);
      return (await stores.releases.create({ ...release, description: 'Set config vars', configVars })).configVars;
    },
    rollback: ({ app, user, to }) =>
      to.image
        ? stores.releases.create({
            ...to,
            appId: app.id,
            userId: user.id,
            description: `Rollback to v${to.version}`,
            status: 'pending',
          })
        : Promise.reject(new ShipwayError('invalid_params', `Cannot roll back to v${to.version}: it never went live.`)),
    async scale({ app, updates }) {
      const changes = updates.map(({ type, quantity, size }) => ({
        type,
        ...(quantity === undefined ? {} : { quantity: Number(quantity) }),
        ...(size === undefined ? {} : { size }),
      }));
      asked.push(`scale ${JSON.stringify(updates)}`);
      return stores.formations.update(app.id, changes);
    },
    restart: async ({ instance }) => void asked.push(`restart ${instance ?? 'all'}`),
    stop: async ({ instance }) => void asked.push(`stop ${instance}`),
    instances: async () => [webInstance],
    async cancelBuild({ build }) {
      const canceled = await stores.builds.update(build.id, { status: 'canceled' });
      if (!canceled) throw new ShipwayError('invalid_params', 'Cannot cancel this build: it has ended.');
    },
    webUrl: (app) => `http://${app.name}.localhost:8080/`,
    gitUrl: (app) => `http://localhost:8080/${app.name}.git`,
  };
}
