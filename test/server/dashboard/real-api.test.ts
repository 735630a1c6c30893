import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../api/harness.ts';
import { type Browser, buildDashboard, startBrowser } from './browser.ts';

let dist: string;
let browser: Browser;
let api: TestApi;
let front: Server;
let page: Page;
const url = () => `http://127.0.0.1:${(front.address() as AddressInfo).port}`;

beforeAll(async () => {
  [dist, browser, api] = [await buildDashboard(), await startBrowser(), await startTestApi()];
  front = createServer(serveBoth()).listen(0, '127.0.0.1');
  await once(front, 'listening');
  page = await browser.context.newPage();
});

afterAll(async () => {
  await browser.close();
  front.closeAllConnections();
  front.close();
  await api.close();
  await rm(dist, { recursive: true });
});

/** Pages and API at one origin, as the router does it: the Host stays as the browser sent it. */
function serveBoth() {
  const app = express();
  app.use(express.static(dist, { index: false }));
  app.use((request, response) => {
    if (request.headers.accept?.startsWith('text/html')) return response.sendFile('index.html', { root: dist });
    const { method, headers } = request;
    const onward = httpRequest(api.baseUrl + request.originalUrl, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    response.on('close', () => onward.destroy());
    onward.on('error', () => response.destroy());
    request.pipe(onward);
    return undefined;
  });
  return app;
}

const seen = (text: string) => page.getByText(text).first().waitFor();
const button = (name: string) => page.getByRole('button', { name, exact: true });

describe('dashboard against the real API and PostgreSQL', () => {
  it('signs in, and creates an app', async () => {
    await page.goto(`${url()}/new`);
    await page.getByLabel('Email').fill('owner@example.com');
    await page.getByLabel('Password').fill(api.password);
    await button('Sign in').click();
    await page.getByLabel('Name').fill('from-browser');
    await button('Create app').click();
    await page.waitForURL('**/apps/from-browser');
    await seen('git push shipway main');
  });

  it('streams a build to its end', async () => {
    const app = await api.stores.apps.find('from-browser');
    if (app === undefined) throw new Error('the app was not created');
    const build = await api.newBuild(app);
    await api.stores.builds.enqueue(build.id);
    await api.stores.builds.appendLines(build.id, ['-----> Node.js app detected']);
    await page.getByRole('region', { name: 'Build output' }).getByText('Node.js app detected').waitFor();
    await page.getByRole('status', { name: 'App state' }).getByText('Building').waitFor();
    await api.stores.builds.appendLines(build.id, ['-----> Installing dependencies']);
    await seen('Installing dependencies');
    await api.stores.builds.update(build.id, { status: 'failed', failure: 'Cannot install: no network.' });
    await api.stores.builds.finish(build.id);
    await seen('Cannot install: no network.');
  });

  it('shows releases and rolls back', async () => {
    const app = await api.stores.apps.find('from-browser');
    if (app === undefined) throw new Error('the app was not created');
    await api.newRelease(app);
    await api.newRelease(app, { description: 'Deploy ddddddd' });
    await page.getByRole('link', { name: 'Releases' }).click();
    await page.getByRole('listitem', { name: 'Release v2' }).getByText('Current').waitFor();
    await button('Roll back to v1').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back to v1' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  it('tails the log, and reads config vars and the formation', async () => {
    api.logs.lines.push({ at: new Date(), source: 'app', instance: 'web.1', text: 'listening on 5000' });
    await page.getByRole('link', { name: 'Logs' }).click();
    await seen('listening on 5000');
    await page.getByRole('link', { name: 'Config vars' }).click();
    await page.getByRole('heading', { name: 'Config vars' }).waitFor();
    await page.getByRole('link', { name: 'Scale' }).click();
    await page.getByRole('button', { name: 'More web' }).waitFor();
  });

  it('signs out', async () => {
    await button('Sign out').click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await browser.context.cookies()).toEqual([]);
  });
});
