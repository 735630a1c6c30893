import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { builds, dynos, logs, releases } from './app-state.ts';
import { createRepository, type Repository, sampleApp, testApp } from './repository.ts';
import { ask } from './requests.ts';
import { createSecondUser } from './second-user.ts';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform({ env: { SHIPWAY_BOOT_TIMEOUT_S: '4' } });
}, 300_000);
afterAll(() => platform?.down());

describe('a first push', () => {
  let hello: Repository;
  let firstCommit: string;

  it('builds, releases and serves the app, and says so in the pusher’s terminal', async () => {
    expect(await platform.api('POST', '/apps', { name: 'hello' })).toMatchObject({
      status: 201,
      body: {
        name: 'hello',
        web_url: `http://hello.localhost:${platform.port}/`,
        git_url: `${platform.url}/hello.git`,
      },
    });
    hello = await createRepository(platform, 'hello', sampleApp('nodejs-express'));
    firstCommit = (await hello.git('rev-parse', 'HEAD')).stdout.trim();

    const push = await hello.push();
    expect(push.exitCode, push.stderr).toBe(0);
    expect(push.stderr).toContain('remote: -----> Node.js app detected');
    expect(push.stderr).toContain('remote: -----> Installing dependencies');
    expect(push.stderr).toContain('remote: -----> Launching... Released v1');
    expect(push.stderr).toContain(`remote:        http://hello.localhost:${platform.port}/ deployed`);
    expect(push.stderr).toMatch(/remote: {8}receive .+ ms · queue .+ · detect .+ · start .+ · route .+ · total .+/);
    expect(push.stderr).toContain('* [new branch]      main -> main');
    expect(await ask(platform, 'hello')).toMatchObject({ status: 200, body: 'hello from express, production\n' });
  });

  it('shows in the API as Heroku’s clients expect it', async () => {
    const { body: build } = await platform.api('GET', '/apps/hello/builds');
    expect(build).toMatchObject([
      {
        status: 'succeeded',
        state: 'succeeded',
        finished: true,
        commit: firstCommit,
        release_version: 1,
        buildpacks: [{ name: 'Node.js' }],
        source_blob: { version: firstCommit },
        slug: { id: expect.any(String) },
        user: { email: 'admin@localhost' },
      },
    ]);
    expect((await platform.api('GET', '/apps/hello/releases')).body).toMatchObject([
      {
        version: 1,
        status: 'succeeded',
        current: true,
        description: `Deploy ${firstCommit.slice(0, 7)}`,
        commit: firstCommit,
        eligible_for_rollback: true,
      },
    ]);
    expect((await platform.api('GET', '/apps/hello/dynos')).body).toMatchObject([
      {
        name: 'web.1',
        type: 'web',
        state: 'up',
        size: 'Standard-1X',
        command: expect.any(String),
        release: { version: 1 },
      },
    ]);
    expect((await platform.api('GET', '/apps/hello/formation')).body).toMatchObject([
      { type: 'web', quantity: 1, size: 'Standard-1X' },
    ]);
  });

  it('is in the app’s log: the release, the process and its requests', async () => {
    const read = () => logs(platform, 'hello');
    const text = await eventually(read, (seen) => seen.includes('heroku[router]'));
    expect(text).toMatch(/^\S+\+00:00 app\[api\]: Release v1 created by user admin@localhost$/m);
    expect(text).toMatch(/^\S+\+00:00 heroku\[web\.1\]: State changed from starting to up$/m);
    expect(text).toMatch(/^\S+\+00:00 app\[web\.1\]: listening on 5000$/m);
    expect(text).toMatch(
      /^\S+\+00:00 heroku\[router\]: at=info method=GET path="\/" host=hello\.localhost\S* .* dyno=web\.1 .* status=200 bytes=31 /m,
    );
    expect(await logs(platform, 'hello', { source: 'app', dyno: 'web', lines: 10 })).not.toContain('heroku[');
  });

  it('is followed by a push of code alone, whose version then serves', async () => {
    await hello.commit({ 'server.js': helloSource('second') });
    const push = await hello.push();
    expect(push.stderr).toContain('Released v2');
    expect(push.stderr).not.toContain('Installing dependencies');
    expect((await ask(platform, 'hello')).body).toBe('second\n');
  });

  it('is rejected when the build fails, and the old release serves on', async () => {
    const before = (await hello.git('ls-remote', 'shipway', 'main')).stdout;
    const scripts = { build: 'echo cannot compile && exit 4', start: 'node server.js' };
    await hello.commit({ 'package.json': JSON.stringify({ name: 'hello', scripts }), 'package-lock.json': undefined });
    const push = await hello.push();
    expect(push.exitCode, push.stderr).not.toBe(0);
    expect(push.stderr).toContain('cannot compile');
    expect(push.stderr).toContain('! [remote rejected] main -> main (build failed)');
    expect(push.stderr).toMatch(/remote: {2}! {5}\S/);
    expect((await hello.git('ls-remote', 'shipway', 'main')).stdout).toBe(before);
    expect((await ask(platform, 'hello')).body).toBe('second\n');
    expect((await builds(platform, 'hello'))[0]).toMatchObject({ state: 'failed', finished: true });
    expect(await releases(platform, 'hello')).toHaveLength(2);
    await hello.git('reset', '--hard', '--quiet', 'HEAD~1');
  });

  it('is rejected when nothing listens on the port, and the old release serves on', async () => {
    await hello.commit({ 'server.js': "require('node:http').createServer().listen(4000);\n" });
    const push = await hello.push();
    expect(push.exitCode).not.toBe(0);
    expect(push.stderr).toContain(
      'Cannot start release v3: nothing listened on port 5000 within 4 s. Bind 0.0.0.0:$PORT.',
    );
    expect(push.stderr).toContain('! [remote rejected] main -> main (release failed)');
    expect((await ask(platform, 'hello')).body).toBe('second\n');
    expect((await releases(platform, 'hello')).at(-1)).toMatchObject({ version: 3, status: 'failed', current: false });
    await eventually(
      () => dynos(platform, 'hello'),
      (seen) => seen.every(({ release }) => release.version === 2),
    );
  });

  it('is rejected when the process exits, with its last lines', async () => {
    await hello.commit({ 'server.js': "console.error('no database');\nprocess.exit(7);\n" });
    const push = await hello.push();
    expect(push.stderr).toContain('Cannot start release v4: web.1 exited with status 7.');
    expect(push.stderr).toContain('no database');
    expect((await ask(platform, 'hello')).body).toBe('second\n');
    await hello.commit({ 'server.js': helloSource('fifth') });
    expect((await hello.push()).stderr).toContain('Released v5');
    expect((await ask(platform, 'hello')).body).toBe('fifth\n');
  });

  it('says that a tree without a start command cannot be built', async () => {
    const app = await createRepository(platform, 'no-start', sampleApp('nodejs-no-start'));
    const push = await app.push();
    expect(push.stderr).toContain('! [remote rejected] main -> main (build failed)');
    expect(await ask(platform, 'no-start')).toMatchObject({ status: 502, body: expect.stringContaining('H81') });
  });
});

describe('refs besides main', () => {
  it('are stored with a notice, fetched and deleted, and deploy nothing', async () => {
    const app = await createRepository(platform, 'branches', testApp('echo'));
    const stored = await app.push('main:topic');
    expect(stored.exitCode, stored.stderr).toBe(0);
    expect(stored.stderr).toContain(
      'Stored topic. Only main or master deploys: git push shipway topic:main deploys it.',
    );
    expect(await builds(platform, 'branches')).toEqual([]);
    await app.git('tag', 'v1.0');
    expect((await app.push('v1.0')).exitCode).toBe(0);
    expect((await app.git('ls-remote', 'shipway')).stdout.split('\n').map((line) => line.split('\t')[1])).toEqual(
      expect.arrayContaining(['refs/heads/topic', 'refs/tags/v1.0']),
    );
    expect((await app.push('--delete', 'topic')).exitCode).toBe(0);
    expect((await app.git('ls-remote', 'shipway')).stdout).not.toContain('refs/heads/topic');
  });
});

describe('access by git', () => {
  let app: Repository;
  beforeAll(async () => {
    app = await createRepository(platform, 'by-push', sampleApp('static-site'));
  });

  it('makes the app when its name is new', async () => {
    const push = await app.push();
    expect(push.exitCode, push.stderr).toBe(0);
    expect(push.stderr).toContain('Released v1');
    expect(await platform.api('GET', '/apps/by-push')).toMatchObject({ status: 200, body: { name: 'by-push' } });
    expect(await ask(platform, 'by-push')).toMatchObject({
      status: 200,
      body: expect.stringContaining('hello from a static site'),
      headers: { 'content-type': expect.stringContaining('text/html') },
    });
    expect((await ask(platform, 'by-push', { path: '/missing' })).status).toBe(404);
  });

  it('clones and fetches what was pushed', async () => {
    const clone = await platform.git(['clone', '--quiet', `${platform.url}/by-push.git`, 'cloned'], platform.folder);
    expect(clone.exitCode, clone.stderr).toBe(0);
    const folder = join(platform.folder, 'cloned');
    const commit = await app.commit({ 'index.html': '<h1>second</h1>\n' });
    await app.push();
    expect((await platform.git(['pull', '--quiet', '--ff-only'], folder)).exitCode).toBe(0);
    expect((await platform.git(['rev-parse', 'HEAD'], folder)).stdout.trim()).toBe(commit);
    expect((await platform.git(['fsck', '--strict'], folder)).exitCode).toBe(0);
  });

  it('needs a token', async () => {
    const { status, headers } = await ask(platform, '', {
      host: `localhost:${platform.port}`,
      path: '/by-push.git/info/refs?service=git-receive-pack',
    });
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/^Basic /);
    const wrong = await app.git('push', `${platform.url.replace('//', '//x:swp_wrong@')}/by-push.git`, 'main');
    expect(wrong.exitCode).not.toBe(0);
    expect(wrong.stderr).toMatch(/Authentication failed|could not read/);
  });

  it('is refused to another user, who does not even see the app', async () => {
    const token = await createSecondUser(platform);
    const url = `${platform.url.replace('//', `//x:${token}@`)}/by-push.git`;
    const push = await app.git('push', url, 'main:main');
    expect(push.exitCode).not.toBe(0);
    expect(push.stderr).toMatch(/belongs to another user|403/);
    expect((await app.git('fetch', url)).exitCode).not.toBe(0);
    expect((await platform.api('GET', '/apps/by-push', undefined, token)).status).toBe(404);
    expect((await platform.api('GET', '/apps', undefined, token)).body).toEqual([]);
    expect((await platform.api('DELETE', '/apps/by-push', undefined, token)).status).toBe(404);
    expect((await platform.api('GET', '/apps', undefined, 'swp_wrong')).status).toBe(401);
  });
});

function helloSource(text: string): string {
  return `require('node:http')
  .createServer((request, response) => response.end('${text}\\n'))
  .listen(process.env.PORT, '0.0.0.0');
`;
}
