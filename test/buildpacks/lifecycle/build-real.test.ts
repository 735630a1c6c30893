import { appendFileSync, cpSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRegistry } from '../image/registry-server.ts';
import { temporaryFolder } from '../image/temporary-folder.ts';
import { sampleFolder } from '../sample-tree.ts';
import { askImage, docker, type RealBuild, startRealBuilder } from './real-builder.ts';

async function start(change = {}) {
  // Bases and toolchains take a minute to make: they stay between runs. Layers of apps never do, since each test makes new apps.
  const registry = await startRegistry({ root: path.join(tmpdir(), 'shipway-test-store') });
  const builder = await startRealBuilder(registry, change);
  onTestFinished(builder.close, 60_000);
  const imageOf = ({ result, lines }: RealBuild) => {
    if (result.status === 'failed') throw new Error(`${result.reason}\n${lines.join('\n')}`);
    return `${registry.host}/${result.image.repository}@${result.image.digest}`;
  };
  return { ...builder, registry, imageOf };
}

async function copyOf(app: string): Promise<string> {
  const folder = await temporaryFolder();
  cpSync(sampleFolder(app), folder, { recursive: true });
  return folder;
}

describe('buildpacks/lifecycle on the real engine', { timeout: 600_000 }, () => {
  it('builds an express app, and a code-only push starts no container', async () => {
    const { app, imageOf, engine } = await start();
    const push = app('express');
    const folder = await copyOf('nodejs-express');
    const first = await push(folder);
    await engine.pull(imageOf(first));
    expect(await askImage(imageOf(first))).toMatchObject({ status: 200, body: 'hello from express, production\n' });
    expect(first.lines).toContain('-----> Node.js app detected');

    writeFileSync(
      path.join(folder, 'server.js'),
      "require('http').createServer((q, s) => s.end('second')).listen(process.env.PORT);",
    );
    const second = await push(folder);
    expect(second.lines).toContain('       Using cached layer: dependencies');
    await engine.pull(imageOf(second));
    expect((await askImage(imageOf(second))).body).toBe('second');
    process.stdout.write(
      `code-only push: ${second.durationMs.toFixed(0)} ms ${JSON.stringify(second.result.phases)}\n`,
    );

    // Same push, same digest.
    expect(imageOf(await push(folder))).toBe(imageOf(second));
  });

  it('runs a build script, prunes, and says what changed when it builds again', async () => {
    const { app, imageOf, engine } = await start();
    const push = app('build');
    const folder = await copyOf('nodejs-build');
    const first = await push(folder);
    await engine.pull(imageOf(first));
    expect((await askImage(imageOf(first))).body).toBe(`built from ${first.commit}, pruned true\n`);

    appendFileSync(path.join(folder, 'src/server.ts'), '// changed\n');
    const second = await push(folder);
    expect(second.lines).toContain('       Using cached layer: dependencies');
    expect(second.lines).toContain('       the source changed');
    expect(imageOf(second)).not.toBe(imageOf(first));
  });

  it('serves a static site with its own 404 page', async () => {
    const { app, imageOf, engine } = await start();
    const image = imageOf(await app('static')(await copyOf('static-site')));
    await engine.pull(image);
    expect(await askImage(image, '/about')).toMatchObject({ status: 200, body: expect.stringContaining('about') });
    expect(await askImage(image, '/nowhere')).toMatchObject({ status: 404, body: expect.stringContaining('no such') });
  });

  it('runs the process types of a Procfile in a shell', async () => {
    const { app, imageOf, engine } = await start();
    const build = await app('procfile')(await copyOf('nodejs-procfile'));
    const image = imageOf(build);
    await engine.pull(image);
    expect((await askImage(image)).body).toBe('hello from the Procfile\n');
    expect(build.lines).toContain('       Procfile declares types -> web, worker, release');
  });

  it('says what to do when the lock file is out of step', async () => {
    const { app } = await start();
    expect((await app('out-of-step')(await copyOf('nodejs-out-of-step'))).result).toMatchObject({
      status: 'failed',
      reason:
        'Installing dependencies failed with exit status 1. package-lock.json does not match package.json. Run npm install and commit package-lock.json.',
    });
  });

  it('gives the build its variables and leaves none of them in the image', async () => {
    const { app, imageOf, engine } = await start({ buildEnv: { MIRROR: 'a-mirror' } });
    const folder = await copyOf('nodejs-procfile');
    const scripts = { build: 'test "$SECRET" = a-secret && test "$MIRROR" = a-mirror && test "$STACK" = debian-12' };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ scripts }));
    const image = imageOf(await app('secret')(folder, { configVars: { SECRET: 'a-secret' } }));
    await engine.pull(image);
    expect(docker('inspect', image)).not.toMatch(/a-secret|a-mirror/);
    const search = 'grep -rl a-secret /app /etc /opt/shipway/start; ls /etc/shipway; true';
    expect(docker('run', '--rm', '--entrypoint', '/bin/bash', image, '-c', `${search} 2>/dev/null`)).toBe('');
  });

  it.each([
    ['timeoutMs', { timeoutMs: 1000 }, 'sleep 60', 'Building took longer than 1 s and was stopped.'],
    ['memory', {}, 'node -e "const a = []; for (;;) a.push(Buffer.alloc(1e7, 1))"', 'Building ran out of memory'],
  ])('stops a build at its limit of %s', async (_name, change, build, reason) => {
    const limits = { memoryBytes: 256 * 2 ** 20, cpus: 2, pids: 512 };
    const { app } = await start({ limits, ...change });
    const folder = await copyOf('nodejs-procfile');
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ scripts: { build } }));
    const { result } = await app('limits')(folder);
    expect(result).toMatchObject({ status: 'failed', reason: expect.stringContaining(reason) });
  });

  it('kills the container of a cancelled build', async () => {
    const { app, platformId } = await start();
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
