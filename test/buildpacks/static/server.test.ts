import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverPackages } from '../../../buildpacks/static/server-packages.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'shipway-static-'));
const site = path.join(folder, 'site');
const css = 'body { color: #222 }\n'.repeat(200);

beforeAll(() => {
  const wanted = Object.entries(serverPackages).map(([name, version]) => `${name}@${version}`);
  const flags = ['--ignore-scripts', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--prefix', folder];
  execFileSync('npm', ['install', ...flags, ...wanted], { stdio: 'ignore' });
  cpSync(path.join(import.meta.dirname, '../../../buildpacks/static/server.mjs'), path.join(folder, 'server.mjs'));
  mkdirSync(path.join(site, 'docs'), { recursive: true });
  mkdirSync(path.join(site, '.well-known'));
  const files = {
    'index.html': '<h1>home</h1>',
    'about.html': '<h1>about</h1>',
    '404.html': '<h1>no such page</h1>',
    'docs/index.html': '<h1>docs</h1>',
    '.env': 'SECRET=1',
    '.well-known/security.txt': 'Contact: a@b.c',
    Procfile: 'web: a',
    'style.css': css,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(site, name), text);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function serve(...flags: string[]) {
  const child = spawn(process.execPath, [path.join(folder, 'server.mjs'), site, '0', ...flags]);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const url = `http://127.0.0.1:${line.split(' ').at(-1)}`;
  const stop = async () => {
    child.kill('SIGTERM');
    return child.exitCode ?? (await once(child, 'exit'))[0];
  };
  return { get: (target: string, init?: RequestInit) => fetch(url + target, init), stop };
}

describe('buildpacks/static/server', () => {
  it('serves files, folders and pages without their ending', async () => {
    const { get, stop } = await serve();
    for (const [target, text] of [
      ['/', 'home'],
      ['/about', 'about'],
      ['/docs', 'docs'],
      ['/?a=b', 'home'],
      ['/.well-known/security.txt', 'Contact'],
    ] as const) {
      const response = await get(target);
      expect([target, response.status, await response.text()]).toEqual([target, 200, expect.stringContaining(text)]);
    }
    await stop();
  });

  it('hides dot files and the files of the platform, and stays in its folder', async () => {
    const { get, stop } = await serve();
    for (const target of ['/.env', '/Procfile', '/nowhere', '/%2e%2e/server.mjs', '/..%2fserver.mjs', '/%00', '/%zz']) {
      const response = await get(target);
      expect([target, response.status >= 400 && response.status < 500]).toEqual([target, true]);
      expect(await response.text()).not.toContain('SECRET');
    }
    expect(await (await get('/nowhere', { headers: { range: 'bytes=0-3' } })).text()).toBe('<h1>no such page</h1>');
    expect((await get('/', { method: 'POST' })).status).toBe(405);
    await stop();
  });

  it('answers ranges, compresses, and knows an unchanged file by its content', async () => {
    const { get, stop } = await serve();
    const range = await get('/style.css', { headers: { range: 'bytes=0-3', 'accept-encoding': 'gzip' } });
    expect([range.status, await range.text(), range.headers.get('content-encoding')]).toEqual([206, 'body', null]);
    await expect.poll(async () => (await get('/style.css')).headers.get('etag')).toMatch(/^W\/"/);
    const first = await get('/style.css', { headers: { 'accept-encoding': 'gzip' } });
    expect([first.headers.get('content-encoding'), await first.text()]).toEqual(['gzip', css]);
    const etag = first.headers.get('etag') ?? '';
    // fetch adds no-cache to conditional requests unless they say something themselves.
    const conditional = { headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' } };
    expect((await get('/style.css', conditional)).status).toBe(304);
    expect(await stop()).toBe(0);

    // Same size, same place: only its content is another.
    writeFileSync(path.join(site, 'style.css'), css.replace('222', '333'));
    const changed = await serve();
    await expect.poll(async () => (await changed.get('/style.css')).headers.get('etag')).not.toBeNull();
    expect((await changed.get('/style.css', conditional)).status).toBe(200);
    await changed.stop();
  });

  it('answers every unknown path with the index of a single-page app', async () => {
    const { get, stop } = await serve('--single');
    const response = await get('/any/route');
    expect([response.status, await response.text()]).toEqual([200, '<h1>home</h1>']);
    await stop();
  });
});
