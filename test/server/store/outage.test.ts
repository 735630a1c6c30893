import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zeroOid } from '../../../server/domain/git.ts';
import { type OpenStores, openStores } from '../../../server/store/open-stores.ts';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.ts';

describe('server/store: what PostgreSQL goes through', () => {
  let postgres: TestPostgres;
  let opened: OpenStores;
  const open = () =>
    openStores({
      databaseUrl: postgres.url,
      secretKey: '0'.repeat(64),
      clock: () => new Date(),
      log: () => undefined,
    });

  beforeAll(async () => {
    postgres = await startTestPostgres();
    // Programs that start at once: one migrates, the others wait.
    const programs = await Promise.all(Array.from({ length: 4 }, open));
    const [first, ...others] = programs;
    await Promise.all(others.map((other) => other.close()));
    if (!first) throw new Error('not opened');
    opened = first;
    await opened.stores.users.create({ email: 'a@example.com', password: 'x' });
  });
  afterAll(async () => {
    await opened.close();
    await postgres.stop();
  });

  const query = async (text: string) => {
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  };

  it('waits with reads and writes through a restart', async () => {
    await postgres.kill();
    const read = opened.stores.users.first();
    const write = opened.stores.audit.append({ userId: undefined, appId: undefined, action: 'a', detail: '' });
    await sleep(300);
    await postgres.start();
    expect(await read).toMatchObject({ email: 'a@example.com' });
    await write;
    expect((await query(`select * from audit_log where action = 'a'`)).rowCount).toBe(1);
  });

  it('says unavailable when it stays away, and works again once it is back', async () => {
    await postgres.kill();
    await expect(opened.stores.users.first()).rejects.toMatchObject({ code: 'unavailable' });
    await postgres.start();
    expect(await opened.stores.users.first()).toBeDefined();
  });

  it('survives connections that are cut, idle and in the middle of a transaction', async () => {
    const user = await opened.stores.users.first();
    if (!user) throw new Error('no user');
    const app = await opened.stores.apps.create({ name: 'cut', ownerId: user.id });
    for (let round = 0; round < 20; round += 1) {
      const writes = Array.from({ length: 5 }, () =>
        opened.stores.formations.update(app.id, []).catch((thrown: unknown) => thrown),
      );
      await query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shipway'`);
      for (const result of await Promise.all(writes)) {
        if (!Array.isArray(result)) expect(result).toMatchObject({ code: 'unavailable' });
      }
    }
    expect(await opened.stores.apps.find('cut')).toMatchObject({ id: app.id });
  });

  it('wakes followers of a build after the connection that listens was lost', async () => {
    const user = await opened.stores.users.first();
    if (!user) throw new Error('no user');
    const app = await opened.stores.apps.create({ name: 'followed', ownerId: user.id });
    const build = await opened.stores.builds.create({
      appId: app.id,
      userId: user.id,
      commit: 'c'.repeat(40),
      tree: 'd'.repeat(40),
      ref: 'refs/heads/main',
      oldCommit: zeroOid,
      phases: [],
    });
    const stop = new AbortController();
    const reached = Promise.withResolvers<void>();
    const following = (async () => {
      for await (const _ of opened.stores.builds.changes(build.id, stop.signal)) {
        const lines = await opened.stores.builds.linesAfter(build.id, 0).catch(() => []);
        if (lines.length === 1) reached.resolve();
        if (lines.length === 2) return;
      }
    })();
    await opened.stores.builds.appendLines(build.id, ['one']);
    await reached.promise;
    await postgres.kill();
    await postgres.start();
    await opened.stores.builds.appendLines(build.id, ['two']);
    await following;
    stop.abort();
  });

  it('keeps secrets out of the tables', async () => {
    const user = await opened.stores.users.first();
    if (!user) throw new Error('no user');
    const app = await opened.stores.apps.create({ name: 'secrets', ownerId: user.id });
    await opened.stores.releases.create({
      appId: app.id,
      userId: user.id,
      description: 'Set KEY config vars',
      image: undefined,
      commit: undefined,
      configVars: { KEY: 'plainly-visible' },
      status: 'succeeded',
    });
    const { secret } = await opened.stores.users.createToken({
      userId: user.id,
      description: 'ci',
      expiresInS: undefined,
    });
    const rows = [...(await query('select * from releases')).rows, ...(await query('select * from tokens')).rows];
    const bytes = rows.flatMap((row) => Object.values(row)).map((value) => Buffer.from(String(value)).toString());
    expect(bytes.some((text) => text.includes('plainly-visible') || text.includes(secret))).toBe(false);
  });

  it('refuses to change the audit log', async () => {
    await opened.stores.audit.append({ userId: undefined, appId: undefined, action: 'b', detail: '' });
    for (const change of [`update audit_log set action = 'x'`, 'delete from audit_log', 'truncate audit_log']) {
      await expect(query(change)).rejects.toThrow('append-only');
    }
  });
});
