import { rm } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Browser, buildDashboard, startBrowser } from './browser.ts';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { recordedBuild, recordedRelease } from './recorded-answers.ts';

let dist: string;
let browser: Browser;
let api: FakeApi;
let page: Page;
/** What the browser itself complained about: scripts that threw, and whatever the policy refused. */
let complaints: string[];

beforeAll(async () => {
  dist = await buildDashboard();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await rm(dist, { recursive: true });
});

beforeEach(async () => {
  api = await startFakeApi(dist);
  page = await browser.context.newPage();
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text());
  });
});

afterEach(async () => {
  await page.close();
  await api.close();
  expect(complaints).toEqual([]);
});

const open = (path: string) => page.goto(`${api.url}${path}`);
const state = () => page.getByRole('status', { name: 'App state' });
const button = (name: string) => page.getByRole('button', { name, exact: true });
const seen = (text: string | RegExp) => page.getByText(text).first().waitFor();

describe('dashboard: session', () => {
  it('leads back to the page that was asked for after signing in', async () => {
    api.signedIn = false;
    await open('/apps/shop/releases');
    await page.getByLabel('Email').fill('ada@example.com');
    await page.getByLabel('Password').fill('wrong');
    await button('Sign in').click();
    await seen('Cannot sign in: email or password is wrong.');
    await page.getByLabel('Password').fill('right');
    await button('Sign in').click();
    await seen('Deploy 1a2b3c4');
  });

  it('takes an access token, and says where one comes from', async () => {
    api.signedIn = false;
    await open('/');
    await button('Use an access token').click();
    await seen('shipway token');
    await page.getByLabel('Access token').fill('secret-token');
    await button('Sign in').click();
    await page.getByRole('heading', { name: 'Apps' }).waitFor();
  });

  it('shows the sign-in page when the session ends while a page is open', async () => {
    await open('/apps/shop');
    await state().getByText('Live').waitFor();
    api.signedIn = false;
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('signs out', async () => {
    await open('/');
    await button('Sign out').click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(api.signedIn).toBe(false);
  });
});

describe('dashboard: apps', () => {
  it('shows the state of each app, its release, and who deployed it', async () => {
    await open('/');
    const row = (name: string) => page.getByRole('listitem').filter({ hasText: name });
    await row('shop').getByText('Live').waitFor();
    await row('shop').getByText('v12').waitFor();
    await row('shop').getByText('3 min ago by ada@example.com').waitFor();
    await row('api-gateway').getByText('Building').waitFor();
    await row('billing').getByText('Crashed').waitFor();
    await row('legacy-reports').getByText('Maintenance').waitFor();
    await row('new-idea').getByText('No release yet').waitFor();
  });

  it('searches with / and goes by keys', async () => {
    await open('/');
    await seen('billing');
    await page.keyboard.press('/');
    await page.keyboard.type('shop');
    await page.getByText('billing').waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: /shop/ }).click();
    await state().waitFor();
    await page.locator('body').press('g');
    await page.keyboard.press('l');
    await page.waitForURL('**/apps/shop/logs');
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.getByRole('heading', { name: 'Apps' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  });

  it('creates an app and shows the lines to type next', async () => {
    await open('/new');
    await page.getByLabel('Name').fill('ab');
    await seen('3 to 30 characters long');
    expect(await button('Create app').isDisabled()).toBe(true);
    await page.getByLabel('Name').fill('shop');
    await button('Create app').click();
    await seen('Name shop is already taken.');
    await page.getByLabel('Name').fill('my-shop');
    await button('Create app').click();
    await page.waitForURL('**/apps/my-shop');
    await seen('git remote add shipway http://localhost:8080/my-shop.git');
    await seen('git push shipway main');
    await page.getByRole('button', { name: 'Copy push command' }).waitFor();
    await state().getByText('No release yet').waitFor();
  });

  it('says so when there is no such app, no such page, no app at all', async () => {
    await open('/apps/nope');
    await seen('No app is called nope.');
    await open('/apps/shop/nonsense');
    await seen('No page has this address.');
    api.apps.clear();
    await open('/');
    await seen('No apps yet');
  });
});

describe('dashboard: builds', () => {
  it('shows a pushed build by itself, streams it across a break, and says how it ended', async () => {
    await open('/apps/docs-site');
    await state().getByText('Live').waitFor();
    const app = api.apps.get('docs-site');
    const build = recordedBuild('b9', 'pending', 'feed123', 0, { phases: [] });
    app?.builds.unshift(build);
    api.writeBuildLine('b9', '-----> Node.js app detected');
    const output = page.getByRole('region', { name: 'Build output' });
    await output.getByText('Node.js app detected').waitFor();
    await state().getByText('Building').waitFor();
    api.endStreams();
    api.writeBuildLine('b9', '       \u001b[32madded 3 packages\u001b[0m');
    await output.getByText('added 3 packages').waitFor();
    expect(await output.getByText('Node.js app detected').count()).toBe(1);
    Object.assign(build, { status: 'succeeded', state: 'succeeded' });
    await page.getByRole('status', { name: 'Build state' }).getByText('Going live').waitFor();
    Object.assign(build, {
      status: 'failed',
      state: 'failed',
      finished: true,
      failure: 'Cannot build: no start script.',
    });
    api.endStreams();
    await seen('Cannot build: no start script.');
    await page.getByRole('status', { name: 'Build state' }).getByText('Failed').waitFor();
    await state().getByText('Live').waitFor();
  });

  it('cancels a running build', async () => {
    await open('/apps/api-gateway');
    await button('Cancel build').click();
    await expect.poll(() => api.changes.map(({ line }) => line)).toContain('DELETE /apps/api-gateway/builds/b-gw');
  });

  it('lists builds and opens one with its time line, output and failure', async () => {
    await open('/apps/shop/builds');
    await page.getByRole('link', { name: /88fe012/ }).click();
    await page.waitForURL('**/apps/shop/builds/b2');
    await seen('npm ci ended with status 1');
    await page.getByRole('figure', { name: 'Time line, 1.0 s in all' }).getByText('build 412 ms').waitFor();
    await page.reload();
    await page.getByRole('region', { name: 'Build output' }).getByText('added 67 packages').waitFor();
  });
});

describe('dashboard: logs', () => {
  const lines = () => page.getByRole('region', { name: 'Log lines' });

  it('tails, pauses and goes on', async () => {
    await open('/apps/shop/logs');
    await lines().getByText('GET /healthz 200').first().waitFor();
    api.writeLogLine('2026-11-23T07:11:00.000000+00:00 app[web.1]: <b>first</b>');
    await lines().getByText('<b>first</b>').waitFor();
    await button('Pause').click();
    api.writeLogLine('2026-11-23T07:11:01.000000+00:00 app[web.1]: second');
    await page.getByRole('status', { name: 'Log state' }).getByText('Paused, 1 new').waitFor();
    expect(await lines().getByText('second').count()).toBe(0);
    await button('Resume').click();
    await lines().getByText('second').waitFor();
  });

  it('keeps its place when somebody scrolled up, and offers the way back', async () => {
    await open('/apps/shop/logs');
    await lines().getByText('GET /healthz 200 3 ms').last().waitFor();
    await lines().hover();
    await page.mouse.wheel(0, -300);
    await button('Newest lines').waitFor();
    const top = () => lines().evaluate((element) => element.scrollTop);
    const before = await top();
    api.writeLogLine('2026-11-23T07:11:00.000000+00:00 app[web.1]: late line');
    await lines().getByText('late line').waitFor({ state: 'attached' });
    expect(await top()).toBe(before);
    await button('Newest lines').click();
    await expect.poll(top).toBeGreaterThan(before);
  });

  it('searches, and asks for one source and one instance', async () => {
    await open('/apps/shop/logs');
    await page.getByLabel('Search logs').fill('mail SERVER');
    await lines().locator('mark').first().waitFor();
    await lines().getByText('GET /cart').first().waitFor({ state: 'hidden' });
    await page.getByLabel('Source').selectOption('App');
    await page.getByLabel('Instance').selectOption('worker.1');
    await expect
      .poll(() => api.changes.at(-1)?.body)
      .toEqual({ lines: 500, tail: true, source: 'app', dyno: 'worker.1' });
  });
});

describe('dashboard: releases', () => {
  it('rolls back after saying what will happen', async () => {
    await open('/apps/shop/releases');
    await page.getByRole('listitem', { name: 'Release v11' }).getByText('nothing listened on port 5000').waitFor();
    await button('Roll back to v8').click();
    const dialog = page.getByRole('dialog', { name: 'Roll back shop to v8?' });
    await dialog.getByText('v12 keeps serving until').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await button('Roll back to v8').click();
    await dialog.getByRole('button', { name: 'Roll back to v8' }).click();
    await page.getByRole('listitem', { name: 'Release v13' }).getByText('Current').waitFor();
    expect(api.changes).toEqual([{ line: 'POST /apps/shop/releases', body: { release: 'r8' } }]);
  });

  it('offers no rollback to a release that failed or never had an image', async () => {
    await open('/apps/shop/releases');
    await button('Roll back to v8').waitFor();
    for (const version of [12, 11, 1]) expect(await button(`Roll back to v${version}`).count()).toBe(0);
  });

  it('shows a release that goes live', async () => {
    api.apps.get('shop')?.releases.unshift(recordedRelease(13, 'Deploy feed123', 0, { status: 'pending' }));
    await open('/apps/shop/releases');
    await page.getByRole('listitem', { name: 'Release v13' }).getByText('Going live').waitFor();
    await state().getByText('Going live').waitFor();
  });
});

describe('dashboard: config vars', () => {
  it('hides values until they are shown', async () => {
    await open('/apps/shop/config');
    await seen('DATABASE_URL');
    expect(await page.locator('main').innerHTML()).not.toContain('secret@db');
    await button('Show DATABASE_URL').click();
    await seen('postgres://shop:secret@db.internal:5432/shop');
    await button('Show values').click();
    await seen('orders@example.com');
  });

  it('applies what was added, edited, removed and pasted as one change', async () => {
    await open('/apps/shop/config');
    await page.getByLabel('Name', { exact: true }).fill('FLAG');
    await page.getByLabel('Value', { exact: true }).fill('on');
    await button('Add').click();
    await button('Remove STRIPE_KEY').click();
    await button('Edit MAIL_FROM').click();
    await page.getByLabel('Value of MAIL_FROM').fill('shop@example.com');
    await button('Keep').click();
    await button('Paste .env').click();
    await page.getByLabel('Text of a .env file').fill('# mine\nexport A="x y"\nB=2\nwhat is this');
    await seen('2 variables; not understood: line 4');
    await button('Add to changes').click();
    await seen('Sets A, B, FLAG and MAIL_FROM, removes STRIPE_KEY.');
    expect(api.changes).toEqual([]);
    await button('Apply changes').click();
    await page.getByRole('region', { name: 'Changes not applied' }).waitFor({ state: 'hidden' });
    expect(api.changes).toEqual([
      {
        line: 'PATCH /apps/shop/config-vars',
        body: { FLAG: 'on', STRIPE_KEY: null, MAIL_FROM: 'shop@example.com', A: 'x y', B: '2' },
      },
    ]);
    await page.getByRole('button', { name: 'Remove STRIPE_KEY' }).waitFor({ state: 'hidden' });
  });
});

describe('dashboard: scale and settings', () => {
  it('scales several process types in one change', async () => {
    await open('/apps/shop/scale');
    await button('More web').click();
    await button('Fewer worker').click();
    await page.getByLabel('Size of web').selectOption('standard-2x');
    await seen('Scales web to 3 × standard-2x, worker to 0.');
    await button('Apply changes').click();
    await expect
      .poll(() => api.changes)
      .toEqual([
        {
          line: 'PATCH /apps/shop/formation',
          body: {
            updates: [
              { type: 'web', quantity: 3, size: 'standard-2x' },
              { type: 'worker', quantity: 0, size: 'standard-1x' },
            ],
          },
        },
      ]);
  });

  it('turns maintenance mode on, and shows it only once the server said so', async () => {
    await open('/apps/shop/settings');
    await page.getByRole('switch', { name: 'Maintenance mode' }).click();
    await state().getByText('Maintenance').waitFor();
    expect(api.changes).toEqual([{ line: 'PATCH /apps/shop', body: { maintenance: true } }]);
  });

  it('renames, and goes on under the new name', async () => {
    await open('/apps/shop/settings');
    await page.getByLabel('App name').fill('boutique');
    await button('Rename').click();
    await page.waitForURL('**/apps/boutique/settings');
    await page.getByRole('heading', { name: 'boutique' }).waitFor();
  });

  it('destroys only what was typed', async () => {
    await open('/apps/shop/settings');
    const destroy = button('Destroy shop');
    await page.getByLabel('Type shop to confirm').fill('sho');
    expect(await destroy.isDisabled()).toBe(true);
    await page.getByLabel('Type shop to confirm').fill('shop');
    await destroy.click();
    await page.getByRole('heading', { name: 'Apps' }).waitFor();
    await page.getByRole('status', { name: 'Notice' }).getByText('shop is destroyed.').waitFor();
    expect(api.apps.has('shop')).toBe(false);
  });

  it('restarts all instances', async () => {
    await open('/apps/shop');
    await button('Restart all').click();
    await expect.poll(() => api.changes.map(({ line }) => line)).toEqual(['DELETE /apps/shop/dynos']);
  });
});

describe('dashboard: away, themes, small screens', () => {
  it('keeps what it last saw while the API is away, and goes on by itself', async () => {
    await open('/apps/shop');
    await state().getByText('Live').waitFor();
    api.away = true;
    await seen('Cannot reach Shipway.');
    await state().getByText('Live').waitFor();
    api.away = false;
    await button('Try now').click();
    await page.getByText('Cannot reach Shipway.').waitFor({ state: 'hidden' });
  });

  it('says so when the API is away from the start', async () => {
    api.away = true;
    await open('/');
    await seen('Cannot reach Shipway.');
    api.away = false;
    await page.getByRole('heading', { name: 'Apps' }).waitFor();
  });

  it('follows the system and keeps the theme that was chosen', async () => {
    await open('/');
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(ground).toBe('rgb(17, 20, 22)');
    await page.getByRole('button', { name: 'Theme: Auto' }).click();
    await expect.poll(ground).toBe('rgb(247, 247, 245)');
    await page.reload();
    await page.getByRole('button', { name: 'Theme: Light' }).waitFor();
    expect(await ground()).toBe('rgb(247, 247, 245)');
  });

  it('fits a phone of 360 px', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const tabs = ['', '/builds', '/builds/b2', '/logs', '/releases', '/config', '/scale', '/settings'];
    for (const path of ['/', '/new', '/apps/new-idea', ...tabs.map((tab) => `/apps/shop${tab}`)]) {
      await open(path);
      if (path.startsWith('/apps')) await state().locator('span').waitFor();
      await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'hidden' });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, path).toBeLessThanOrEqual(360);
    }
  });
});
