import { randomUUID } from 'node:crypto';
import { appendFileSync, cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../image/temporary-folder.ts';
import { sampleFolder } from '../sample-tree.ts';
import { askImage, docker, startRealBuilder } from './real-builder.ts';

let builder: Awaited<ReturnType<typeof startRealBuilder>>;

beforeAll(async () => {
  builder = await startRealBuilder();
}, 300_000);
afterAll(() => builder.close(), 60_000);

async function copyOf(app: string): Promise<string> {
  const folder = await temporaryFolder();
  cpSync(sampleFolder(app), folder, { recursive: true });
  return folder;
}

describe('buildpacks/lifecycle on the real engine', { timeout: 600_000 }, () => {
  it('builds an express app, and a code-only push starts no container', async () => {
    const { app, imageOf } = builder;
    const push = app('express');
    const folder = await copyOf('nodejs-express');
    const first = await push(folder);
    expect(await askImage(await imageOf(first))).toMatchObject({
      status: 200,
      body: 'hello from express, production\n',
    });
    expect(first.lines).toContain('-----> Node.js app detected');

    const text = randomUUID();
    writeFileSync(
      path.join(folder, 'server.js'),
      // Another text each time, so that its layer is not the one that an earlier run left in the store.
      `require('http').createServer((q, s) => s.end('${text}')).listen(process.env.PORT);`,
    );
    const second = await push(folder);
    expect(second.lines).toContain('       Using cached layer: dependencies');
    // Every command of a container is shown.
    expect(second.lines.filter((line) => line.includes('$ '))).toEqual([]);
    expect((await askImage(await imageOf(second))).body).toBe(text);
    process.stdout.write(
      `code-only push: ${second.durationMs.toFixed(0)} ms ${JSON.stringify(second.result.phases)}\n`,
    );

    // Same push, same digest.
    expect(await imageOf(await push(folder))).toBe(await imageOf(second));
  });

  it('runs a build script, prunes, and says what changed when it builds again', async () => {
    const { app, imageOf } = builder;
    const push = app('build');
    const folder = await copyOf('nodejs-build');
    const first = await push(folder);
    expect((await askImage(await imageOf(first))).body).toBe(`built from ${first.commit}, pruned true\n`);

    appendFileSync(path.join(folder, 'src/server.ts'), '// changed\n');
    const second = await push(folder);
    expect(second.lines).toContain('       Using cached layer: dependencies');
    expect(second.lines).toContain('       the source changed');
    expect(await imageOf(second)).not.toBe(await imageOf(first));
  });

  it('serves a static site with its own 404 page', async () => {
    const { app, imageOf } = builder;
    const image = await imageOf(await app('static')(await copyOf('static-site')));
    expect(await askImage(image, '/about')).toMatchObject({ status: 200, body: expect.stringContaining('about') });
    expect(await askImage(image, '/nowhere')).toMatchObject({ status: 404, body: expect.stringContaining('no such') });
  });

  it('runs the process types of a Procfile in a shell', async () => {
    const { app, imageOf } = builder;
    const build = await app('procfile')(await copyOf('nodejs-procfile'));
    const image = await imageOf(build);
    expect((await askImage(image)).body).toBe('hello from the Procfile\n');
    expect(build.lines).toContain('       Procfile declares types -> web, worker, release');
  });

  it('says what to do when the lock file is out of step', async () => {
    const { app } = builder;
    expect((await app('out-of-step')(await copyOf('nodejs-out-of-step'))).result).toMatchObject({
      status: 'failed',
      reason:
        'Installing dependencies failed with exit status 1. package-lock.json does not match package.json. Run npm install and commit package-lock.json.',
    });
  });

  it('gives the build its variables and leaves none of them in the image', async () => {
    const push = builder.app('secret', { buildEnv: { MIRROR: 'a-mirror' } });
    const folder = await copyOf('nodejs-procfile');
    const scripts = {
      build: 'env | grep -q ^SECRET=a.secret && env | grep -q ^MIRROR=a.mirror && test "$STACK" = debian-12',
    };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ scripts }));
    const image = await builder.imageOf(await push(folder, { configVars: { SECRET: 'a-secret' } }));
    expect(docker('inspect', image)).not.toMatch(/a-secret|a-mirror/);
    const search = 'grep -rl a-secret /app /etc /opt/shipway/start; ls /etc/shipway; true';
    expect(docker('run', '--rm', '--entrypoint', '/bin/bash', image, '-c', `${search} 2>/dev/null`)).toBe('');
  });

  it.each([
    ['timeoutMs', { timeoutMs: 1000 }, 'sleep 60', 'Building took longer than 1 s and was stopped.'],
    ['memory', {}, 'node -e "const a = []; for (;;) a.push(Buffer.alloc(1e7, 1))"', 'Building ran out of memory'],
  ])('stops a build at its limit of %s', async (_name, change, build, reason) => {
    const limits = { memoryBytes: 256 * 2 ** 20, cpus: 2, pids: 512 };
    const push = builder.app('limits', { limits, ...change });
    const folder = await copyOf('nodejs-procfile');
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ scripts: { build } }));
    const { result } = await push(folder);
    expect(result).toMatchObject({ status: 'failed', reason: expect.stringContaining(reason) });
  });

  it('kills the container of a cancelled build', async () => {
    const { app, platformId } = builder;
    const folder = await copyOf('nodejs-procfile');
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ scripts: { build: 'echo begun; sleep 600' } }));
    const controller = new AbortController();
    const build = app('cancelled')(folder, {
      signal: controller.signal,
      onLine: (line) => {
        if (line.endsWith(' begun')) controller.abort(new Error('cancelled by the user'));
      },
    });
    await expect(build).rejects.toThrow('cancelled by the user');
    expect(docker('ps', '--all', '--quiet', '--filter', `name=${platformId}`)).toBe('');
  });
});
