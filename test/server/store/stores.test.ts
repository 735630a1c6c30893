import { afterAll, beforeAll, describe } from 'vitest';
import { openStores } from '../../../server/store/open-stores.ts';
import { describeStores } from '../../contract/stores.ts';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.ts';

describe('server/store: the contract on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());

  describeStores(async () => {
    const clock = { now: new Date() };
    const opened = await openStores({
      databaseUrl: postgres.url,
      secretKey: '0'.repeat(64),
      clock: () => clock.now,
      log: () => undefined,
    });
    return { ...opened, clock };
  });
});
