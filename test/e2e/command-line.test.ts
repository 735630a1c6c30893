import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { sampleApp } from './repository.ts';
import { ask } from './requests.ts';

let platform: TestPlatform;
let folder: string;
beforeAll(async () => {
  platform = await startPlatform();
  folder = await mkdtemp(join(platform.folder, 'session-'));
  await cp(sampleApp('nodejs-procfile'), folder, { recursive: true });
  await rm(join(platform.folder, 'home', '.netrc'), { force: true });
}, 300_000);
afterAll(() => platform?.down());

async function shipway(...args: string[]): Promise<string> {
  const result = await platform.shipway(args, { cwd: folder });
  expect(result.exitCode, `shipway ${args.join(' ')}: ${result.stderr}`).toBe(0);
  return result.stdout;
}

describe('a session from the README', () => {
  it('logs in, creates an app and pushes it with plain git', async () => {
    for (const args of [
      ['init', '-q', '-b', 'main'],
      ['add', '-A'],
      ['commit', '-qm', 'First'],
    ]) {
      expect((await platform.git(args, folder)).exitCode).toBe(0);
    }
    await shipway('login');
    expect(await shipway('auth:whoami')).toBe('admin@localhost\n');
    await shipway('create', 'hello');
    const push = await platform.git(['push', 'shipway', 'main'], folder);
    expect(push.stderr).toContain('Launching... Released v1');
    expect((await ask(platform, 'hello')).status).toBe(200);
  });

  it('changes what runs, and shows it', async () => {
    await shipway('config:set', 'GREETING=Hi there', 'OTHER=1');
    expect(await shipway('config:get', 'GREETING')).toBe('Hi there\n');
    expect(await shipway('ps:scale', 'web=2', 'worker=1')).toContain('web=2');
    expect(JSON.parse(await shipway('releases', '--json'))).toMatchObject([{ version: 2 }, { version: 1 }]);
    expect(await shipway('apps')).toContain('hello');
    expect(await shipway('builds:output')).toContain('-----> Node.js app detected');
    expect(await shipway('logs', '-n', '200')).toMatch(
      /app\[api\]: Set GREETING, OTHER config vars by user admin@localhost/,
    );
    await shipway('rollback');
    expect(await shipway('config')).not.toContain('GREETING');
  });

  it('deploys a folder without git', async () => {
    const plain = await mkdtemp(join(platform.folder, 'plain-'));
    await cp(sampleApp('static-site'), plain, { recursive: true });
    const result = await platform.shipway(['deploy', '--app', 'plain'], { cwd: plain });
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stderr).toContain('Launching... Released v1');
    expect((await ask(platform, 'plain')).status).toBe(200);
  });

  it('says what to do when it cannot', async () => {
    const elsewhere = await mkdtemp(join(platform.folder, 'elsewhere-'));
    const noApp = await platform.shipway(['ps'], { cwd: elsewhere });
    expect([noApp.exitCode, noApp.stderr]).toEqual([2, expect.stringContaining('--app')]);
    const wrong = await platform.shipway(['ps', '--app', 'nobody'], { cwd: elsewhere });
    expect([wrong.exitCode, wrong.stderr]).toEqual([4, expect.stringContaining("Couldn't find that app")]);
  });
});
