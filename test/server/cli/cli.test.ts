import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../../server/cli/program.ts';
import { Home, RecordingServer } from './run-cli.ts';

let server: RecordingServer;
let home: Home;

beforeEach(async () => {
  server = new RecordingServer();
  await server.listen();
  home = await Home.make();
  home.env = { SHIPWAY_URL: server.url, SHIPWAY_API_KEY: 'key' };
});
afterEach(async () => {
  await server.close();
  await home.remove();
});

const at = '2026-11-23T08:00:00Z';
const user = { email: 'me@example.com' };

function app(name: string) {
  const git_url = `${server.url}/${name}.git`;
  const web_url = `http://${name}.localhost:8080/`;
  return { name, git_url, web_url, maintenance: false, created_at: at, released_at: null, owner: user };
}

function release(version: number, more = {}) {
  const known = { id: `id-${version}`, version, status: 'succeeded', current: false, description: `Deploy ${version}` };
  return { ...known, created_at: at, eligible_for_rollback: true, user, ...more };
}

function build(id: string, more = {}) {
  const known = {
    id,
    status: 'succeeded',
    state: 'succeeded',
    finished: true,
    commit: 'a'.repeat(40),
    created_at: at,
    user,
  };
  return { ...known, output_stream_url: `http://elsewhere:1/streams/builds/${id}?s=1`, release_version: 2, ...more };
}

async function repository(): Promise<string> {
  const folder = join(home.folder, 'repository');
  await mkdir(folder);
  await home.spawn('git', ['init', '--quiet', folder]);
  return folder;
}

describe('server/cli: apps', () => {
  it('asks with the token, and lists over all pages', async () => {
    server.on('GET /users/~/apps', (request, response) => {
      const isFirst = request.headers.range === undefined;
      response.writeHead(isFirst ? 206 : 200, isFirst ? { 'Next-Range': 'id ]b..; max=1' } : {});
      response.end(JSON.stringify([app(isFirst ? 'zoo' : 'hello')]));
    });
    expect(await home.run(['apps'])).toEqual({
      exitCode: 0,
      stdout: 'hello  http://hello.localhost:8080/\nzoo    http://zoo.localhost:8080/\n',
      stderr: '',
    });
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer key',
      accept: 'application/vnd.heroku+json; version=3',
    });
    expect(server.requests[1]?.headers.range).toBe('id ]b..; max=1');
    expect(JSON.parse((await home.run(['apps', '--json'])).stdout)).toHaveLength(2);
  });

  it('creates an app with its git remote and credential helper', async () => {
    const folder = await repository();
    home.env.SHIPWAY_LAUNCHER = "/opt/it's/shipway";
    server.json('POST /apps', app('hello'), { status: 201 });
    const { stdout, exitCode } = await home.run(['create', 'hello'], { cwd: folder });
    expect([exitCode, stdout]).toEqual([0, `http://hello.localhost:8080/ | ${server.url}/hello.git\n`]);
    expect(server.asked).toEqual(['POST /apps {"name":"hello"}']);
    const remote = await home.spawn('git', ['remote', 'get-url', 'shipway'], { cwd: folder });
    expect(remote.stdout).toBe(`${server.url}/hello.git\n`);
    const helper = await home.spawn('git', ['config', '--global', `credential.${server.url}.helper`]);
    expect(helper.stdout).toBe("!'/opt/it'\\''s/shipway' git:credentials\n");
  });

  it('creates an app outside of a repository, and without a name', async () => {
    server.json('POST /apps', app('calm-river-1'), { status: 201 });
    expect((await home.run(['apps:create', '--json'])).stdout).toContain('"name": "calm-river-1"');
    expect(server.asked).toEqual(['POST /apps {}']);
  });

  it('finds app and platform by the git remote, without any variable', async () => {
    const folder = await repository();
    await home.spawn('git', ['remote', 'add', 'shipway', `${server.url}/hello.git`], { cwd: folder });
    home.env = { SHIPWAY_API_KEY: 'key' };
    server.json('GET /apps/hello', app('hello'));
    server.json('GET /apps/hello/formation', [{ type: 'web', quantity: 2, size: 'Standard-1X' }]);
    const { stdout } = await home.run(['info'], { cwd: folder });
    expect(stdout).toContain('Formation:  web=2:Standard-1X');
  });

  it('says what it needs where no app can be told', async () => {
    const { exitCode, stderr } = await home.run(['ps']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(' ▸    Cannot tell which app you mean');
  });

  it('renames the app and its remote', async () => {
    const folder = await repository();
    await home.spawn('git', ['remote', 'add', 'shipway', `${server.url}/hello.git`], { cwd: folder });
    server.json('PATCH /apps/hello', app('goodbye'));
    await home.run(['rename', 'goodbye'], { cwd: folder });
    expect(server.asked).toEqual(['PATCH /apps/hello {"name":"goodbye"}']);
    const remote = await home.spawn('git', ['remote', 'get-url', 'shipway'], { cwd: folder });
    expect(remote.stdout).toBe(`${server.url}/goodbye.git\n`);
  });

  it('destroys only what is confirmed', async () => {
    server.json('GET /apps/hello', app('hello'));
    server.json('DELETE /apps/hello', app('hello'));
    expect((await home.run(['apps:destroy', '-a', 'hello'])).exitCode).toBe(2);
    expect((await home.run(['apps:destroy', '-a', 'hello', '--confirm', 'hallo'])).exitCode).toBe(2);
    expect(server.asked).not.toContain('DELETE /apps/hello');
    expect((await home.run(['apps:destroy', '-a', 'hello', '--confirm', 'hello'])).exitCode).toBe(0);
    expect(server.asked).toContain('DELETE /apps/hello');
  });

  it('switches maintenance mode', async () => {
    server.json('PATCH /apps/hello', app('hello'));
    await home.run(['maintenance:on', '-a', 'hello']);
    await home.run(['maintenance:off', '-a', 'hello']);
    expect(server.asked).toEqual(['PATCH /apps/hello {"maintenance":true}', 'PATCH /apps/hello {"maintenance":false}']);
  });
});

describe('server/cli: config', () => {
  it('shows, gets, sets and unsets', async () => {
    const vars = { B: 'two words', A: '1' };
    server.json('GET /apps/hello/config-vars', vars);
    server.json('PATCH /apps/hello/config-vars', vars);
    server.json('GET /apps/hello/releases', [release(7)]);
    const run = async (...args: string[]) => home.run([...args, '-a', 'hello']);
    expect((await run('config')).stdout).toBe('=== hello Config Vars\nA:  1\nB:  two words\n');
    expect((await run('config', '--shell')).stdout).toBe("A=1\nB='two words'\n");
    expect(JSON.parse((await run('config', '--json')).stdout)).toEqual(vars);
    expect((await run('config:get', 'B', 'C')).stdout).toBe('two words\n\n');
    const set = await run('config:set', 'B=two words');
    expect([set.stdout, set.stderr]).toEqual(['B:  two words\n', 'B of hello: done, v7\n']);
    await run('config:unset', 'B');
    expect(server.asked.filter((one) => one.startsWith('PATCH'))).toEqual([
      'PATCH /apps/hello/config-vars {"B":"two words"}',
      'PATCH /apps/hello/config-vars {"B":null}',
    ]);
    expect(server.requests.at(-1)?.headers.range).toBe('version ..; order=desc,max=1');
  });
});

describe('server/cli: ps', () => {
  it('lists instances by process type', async () => {
    const dyno = {
      type: 'web',
      command: 'node server.js',
      size: 'Standard-1X',
      updated_at: at,
      release: { version: 3 },
    };
    server.json('GET /apps/hello/dynos', [
      { ...dyno, name: 'web.1', state: 'up' },
      { ...dyno, name: 'web.2', state: 'starting' },
    ]);
    const { stdout } = await home.run(['ps', '-a', 'hello']);
    expect(stdout).toMatch(
      /^=== web \(Standard-1X\): node server\.js \(2\)\nweb\.1: {2}up {8}2026\/11\/23 08:00:00 \+0000 {2}\(~ .* ago\) {2}v3\n/,
    );
  });

  it('scales, restarts and stops', async () => {
    server.json('PATCH /apps/hello/formation', [{ type: 'web', quantity: 2, size: 'Standard-2X' }]);
    for (const route of [
      'DELETE /apps/hello/dynos',
      'DELETE /apps/hello/dynos/web.1',
      'DELETE /apps/hello/formations/web',
    ]) {
      server.json(route, {}, { status: 202 });
    }
    server.json('POST /apps/hello/dynos/web.1/actions/stop', {}, { status: 202 });
    const run = async (...args: string[]) => home.run([...args, '-a', 'hello']);
    expect((await run('ps:scale', 'web=2:standard-2x', 'worker-1')).stdout).toBe('Scaled hello: web=2:Standard-2X\n');
    await run('restart');
    await run('ps:restart', 'web.1');
    await run('ps:restart', 'web');
    await run('ps:stop', 'web.1');
    expect(server.asked).toEqual([
      'PATCH /apps/hello/formation {"updates":[{"type":"web","quantity":"2","size":"standard-2x"},{"type":"worker","quantity":"-1"}]}',
      'DELETE /apps/hello/dynos',
      'DELETE /apps/hello/dynos/web.1',
      'DELETE /apps/hello/formations/web',
      'POST /apps/hello/dynos/web.1/actions/stop',
    ]);
  });
});

describe('server/cli: releases', () => {
  it('lists them, and rolls back to the one before the current', async () => {
    const failed = { status: 'failed', eligible_for_rollback: false };
    server.json('GET /apps/hello/releases', [
      release(4, failed),
      release(3, { current: true }),
      release(2, failed),
      release(1),
    ]);
    server.json('POST /apps/hello/releases', release(5), { status: 201 });
    const { stdout } = await home.run(['releases', '-a', 'hello']);
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      '=== hello Releases - Current: v3',
      'v4  Deploy 4 (failed)  me@example.com  2026/11/23 08:00:00 +0000',
    ]);
    expect((await home.run(['rollback', '-a', 'hello'])).stdout).toBe('Rolling hello back to v1: v5\n');
    expect(server.asked.at(-1)).toBe('POST /apps/hello/releases {"release":"id-1"}');
  });

  it('shows one, with its failure', async () => {
    server.json('GET /apps/hello/releases/4', release(4, { status: 'failed', failure: 'Cannot start release v4' }));
    const { stdout } = await home.run(['releases:info', 'v4', '-a', 'hello']);
    expect(stdout).toContain('Failure:  Cannot start release v4');
    expect((await home.run(['releases:info', 'four', '-a', 'hello'])).exitCode).toBe(2);
  });
});

describe('server/cli: streams', () => {
  it('follows a build over a cut connection, each line once, and ends as it did', async () => {
    server.json('GET /apps/hello/builds', [build('b1')]);
    server.json('GET /apps/hello/builds/b1', build('b1', { status: 'failed' }));
    server.on('GET /streams/builds/b1', (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      if (request.headers['last-event-id'] === '2') response.end('id: 3\ndata: three\n\n');
      else response.write('id: 1\ndata: one\n\nid: 2\ndata: two\n\nid: 3\ndata: thr', () => response.destroy());
    });
    expect(await home.run(['builds:output', '-a', 'hello'])).toEqual({
      exitCode: 1,
      stdout: 'one\ntwo\nthree\n',
      stderr: '',
    });
    expect(server.requests.at(-2)?.headers.authorization).toBeUndefined();
  });

  it('shows logs, and tails them through restarts and a URL that has run out', async () => {
    let sessions = 0;
    server.on('POST /apps/hello/log-sessions', (_request, response) => {
      sessions += 1;
      response.end(JSON.stringify({ logplex_url: `${server.url}/streams/logs/x?session=${sessions}` }));
    });
    let connections = 0;
    server.on('GET /streams/logs/x', (_request, response) => {
      connections += 1;
      if (connections === 2) return response.writeHead(403).end('{}');
      if (connections === 4) {
        server.json(
          'POST /apps/hello/log-sessions',
          { id: 'not_found', message: 'That app is gone.' },
          { status: 404 },
        );
        return response.writeHead(404).end('{"message":"gone"}');
      }
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      return response.end(`id: ${connections}\ndata: line ${connections}\n\n`);
    });
    const plain = await home.run(['logs', '-a', 'hello', '-n', '5', '-s', 'app', '-p', 'web.1']);
    expect(plain.stdout).toBe('line 1\n');
    expect(server.asked[0]).toBe(
      'POST /apps/hello/log-sessions {"lines":5,"tail":false,"source":"app","dyno":"web.1"}',
    );

    connections = 0;
    expect(await home.run(['logs', '--tail', '-a', 'hello'])).toEqual({
      exitCode: 4,
      stdout: 'line 1\nline 3\n',
      stderr: ' ▸    That app is gone.\n',
    });
  });
});

describe('server/cli: login', () => {
  const account = { access_token: { token: 'swp_new' }, user };

  beforeEach(() => {
    home.env = { SHIPWAY_URL: server.url };
    server.json('POST /oauth/authorizations', account, { status: 201 });
    server.json('GET /account', user);
    server.json('DELETE /oauth/authorizations/~', {});
  });

  it('exchanges a token for one of its own, keeps it in ~/.netrc, and takes it back', async () => {
    const netrc = join(home.folder, '.netrc');
    await writeFile(netrc, 'machine other login a password b\n', { mode: 0o644 });
    const { stdout } = await home.run(['login', '--token', '-'], { input: 'swp_given\n' });
    expect(stdout).toBe(`Logged in to ${server.url} as me@example.com\n`);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer swp_given');
    const { host, hostname } = new URL(server.url);
    const entry = (name: string) => `machine ${name}\n  login me@example.com\n  password swp_new\n`;
    expect(await readFile(netrc, 'utf8')).toBe(`machine other login a password b\n${entry(host)}${entry(hostname)}`);
    expect((await stat(netrc)).mode & 0o777).toBe(0o600);

    expect((await home.run(['whoami'])).stdout).toBe('me@example.com\n');
    expect((await home.run(['auth:token'])).stdout).toBe('swp_new\n');
    const asked = await home.run(['git:credentials', 'get'], { input: `protocol=http\nhost=${host}\n\n` });
    expect(asked.stdout).toBe('username=me@example.com\npassword=swp_new\n');
    expect((await home.run(['git:credentials', 'get'], { input: 'protocol=https\nhost=github.com\n' })).stdout).toBe(
      '',
    );

    expect((await home.run(['logout'])).exitCode).toBe(0);
    expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE', headers: { authorization: 'Bearer swp_new' } });
    expect(await readFile(netrc, 'utf8')).toBe('machine other login a password b\n');
    expect(await home.run(['whoami'])).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('Not logged in') });
  });

  it('uses the token of the platform on this machine, and remembers where it is', async () => {
    const data = join(home.folder, 'data');
    await mkdir(join(data, 'secrets'), { recursive: true });
    const port = Number(new URL(server.url).port);
    const platform = { id: 'abcdef', port, domain: '127.0.0.1', serverPort: 1, postgresPort: 2 };
    await writeFile(join(data, 'platform.json'), JSON.stringify(platform));
    await writeFile(join(data, 'secrets', 'first-user-token'), 'swp_first\n');
    home.env = {};
    expect((await home.run(['login'])).exitCode).toBe(0);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer swp_first');
    expect((await home.run(['whoami'])).stdout).toBe('me@example.com\n');
    home.env = { SHIPWAY_URL: 'http://127.0.0.1:1' };
    expect((await home.run(['login'])).exitCode).toBe(2);
    expect(server.requests).toHaveLength(2);
  });

  it('asks for e-mail and password on a terminal, without showing it', async () => {
    const answers = [
      ['Email: ', 'me@example.com'],
      ['Password: ', 'pass word'],
    ] as const;
    const shown = await home.runOnTerminal(['login'], answers);
    expect(shown).toContain('Logged in to');
    expect(shown).not.toContain('pass word');
    const basic = Buffer.from('me@example.com:pass word').toString('base64');
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${basic}`);
  });
});

describe('server/cli: errors', () => {
  it("prints the API's message, with the exit code of the error table", async () => {
    const message = "Couldn't find that app.";
    server.json('GET /apps/nope', { id: 'not_found', message, resource: 'app' }, { status: 404 });
    server.json('GET /apps/nope/formation', [], { status: 200 });
    expect(await home.run(['info', '-a', 'nope'])).toEqual({ exitCode: 4, stdout: '', stderr: ` ▸    ${message}\n` });
  });

  it('says where it looked when nobody answers', async () => {
    home.env = { SHIPWAY_URL: 'http://127.0.0.1:1', SHIPWAY_API_KEY: 'key' };
    const { exitCode, stderr } = await home.run(['apps']);
    expect(exitCode).toBe(7);
    expect(stderr).toBe(
      ' ▸    Cannot reach Shipway at http://127.0.0.1:1: connection refused.\n ▸    Start it with shipway up, or say where it is: SHIPWAY_URL=http://host:port\n',
    );
  });

  it('suggests the nearest command, and explains wrong use', async () => {
    expect(await home.run(['relases'])).toMatchObject({
      exitCode: 2,
      stderr: " ▸    Unknown command 'relases'. Did you mean releases?\n ▸    All commands: shipway help\n",
    });
    expect(await home.run(['config:set', 'A', '-a', 'x'])).toMatchObject({ exitCode: 2 });
    expect(await home.run(['logs', '-n', 'many', '-a', 'x'])).toMatchObject({ exitCode: 2 });
    expect(await home.run(['up', '--port', '0'])).toMatchObject({ exitCode: 2 });
  });

  it('has help with an example for every command', async () => {
    const { stdout } = await home.run(['help']);
    const names = [...stdout.matchAll(/^ {2}([a-z:]+) /gm)]
      .map(([, name]) => name ?? '')
      .filter((name) => name !== 'help');
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) {
      const shown = new PassThrough();
      const terminal = { stdin: process.stdin, stdout: shown, stderr: shown, hasColour: false, isInteractive: false };
      expect(await runProgram([name, '--help'], terminal)).toBe(0);
      shown.end();
      expect(await text(shown)).toMatch(/Examples?:\n {2}\$ /);
    }
  });
});
