import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, startBrowser } from '../server/dashboard/browser.ts';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { createRepository, sampleApp } from './repository.ts';

let platform: TestPlatform;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  platform = await startPlatform();
  browser = await startBrowser();
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await platform?.down();
});

describe('the dashboard', () => {
  it('signs in, makes an app, and shows its first push go live', async () => {
    const [email = '', password = ''] = (await readFile(join(platform.data, 'secrets', 'first-user'), 'utf8')).split(
      '\n',
    );
    page = await browser.context.newPage();
    await page.goto(platform.url);
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();

    await page.goto(`${platform.url}/new`);
    await page.getByLabel('Name').fill('watched');
    await page.getByRole('button', { name: 'Create app' }).click();
    await page.getByText('No release yet').first().waitFor();

    const repository = await createRepository(platform, 'watched', sampleApp('nodejs-express'));
    const push = repository.startPush();
    await page
      .getByRole('region', { name: 'Build output' })
      .getByText('Node.js app detected')
      .waitFor({ timeout: 60_000 });
    await page
      .getByRole('status', { name: 'App state' })
      .getByText('Live', { exact: true })
      .waitFor({ timeout: 120_000 });
    expect((await push.done).exitCode).toBe(0);
  });

  it('sets config vars, scales, and rolls back', async () => {
    await page.goto(`${platform.url}/apps/watched/config`);
    await page.getByLabel('Name').last().fill('GREETING');
    await page.getByLabel('Value').last().fill('Hi');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('button', { name: 'Apply changes' }).click();
    await page.getByText('GREETING').first().waitFor();

    await page.goto(`${platform.url}/apps/watched/releases`);
    await page.getByRole('listitem', { name: 'Release v2' }).getByText('Set GREETING config var').waitFor();
    await page.getByRole('button', { name: 'Roll back to v1' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back to v1' }).click();
    await page.getByRole('listitem', { name: 'Release v3' }).getByText('Rollback to v1').waitFor({ timeout: 30_000 });
    expect((await platform.api('GET', '/apps/watched/config-vars')).body).toEqual({});

    await page.goto(`${platform.url}/apps/watched/scale`);
    await page.getByRole('button', { name: 'More web' }).click();
    await page.getByRole('button', { name: 'Apply changes' }).click();
    await page.getByRole('region', { name: 'Changes not applied' }).waitFor({ state: 'hidden' });
    await page.goto(`${platform.url}/apps/watched/logs`);
    await page.getByRole('region', { name: 'Log lines' }).getByText('Scaled to web@2').waitFor({ timeout: 30_000 });
  });
});
