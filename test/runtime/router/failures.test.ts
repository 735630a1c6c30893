import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { RouteState } from '../../../server/domain/route.ts';
import {
  appRoute,
  cannedBackend,
  get,
  listen,
  ok,
  rawBackend,
  rawClient,
  startRouter,
  startRouterTo,
  stopAll,
  waitFor,
} from './support.ts';

const short = { timeouts: { connectMs: 100, firstByteMs: 100, idleMs: 100, bootMs: 100 } };

/** Status line and log line of one request. */
async function exchange(
  started: Awaited<ReturnType<typeof startRouter>>,
  request = get,
): Promise<{ answer: string; line: string }> {
  const client = await rawClient(started.port, request);
  const answer = await client.until('\r\n\r\n');
  await waitFor(() => started.lines.length > 0);
  return { answer, line: started.lines[0] ?? '' };
}

describe('runtime/router: failures', () => {
  afterEach(stopAll);

  it.each<[RouteState, string, number, string]>([
    ['crashed', 'H10', 503, 'at=error code=H10 desc="App crashed"'],
    ['stopped', 'H14', 503, 'at=error code=H14 desc="No web processes running"'],
    ['maintenance', 'H80', 503, 'at=info code=H80 desc="Maintenance mode"'],
    ['blank', 'H81', 502, 'at=error code=H81 desc="Blank app"'],
  ])('answers for an app that is %s with %s', async (state, code, status, log) => {
    const started = await startRouter();
    started.router.apply({ type: 'put', version: 1, route: appRoute(state) });
    const { answer, line } = await exchange(started);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain(`(${code})`);
    expect(line).toContain(`${log} method=GET path="/" host=demo.localhost request_id=`);
    expect(line).toContain(`fwd="127.0.0.1" dyno= connect= service=`);
    expect(line).toContain(`status=${status} `);
  });

  it('answers H80 in maintenance though there are targets', async () => {
    const started = await startRouter();
    started.router.apply({ type: 'put', version: 1, route: appRoute('maintenance', [await cannedBackend(ok)]) });
    expect((await exchange(started)).line).toContain('code=H80');
  });

  it('H12: no first byte in time', async () => {
    const started = await startRouterTo(await cannedBackend(''), short);
    const { answer, line } = await exchange(started);
    expect(answer).toContain('HTTP/1.1 503 ');
    expect(line).toContain('at=error code=H12 desc="Request timeout"');
    expect(line).toContain('dyno=web.1');
  });

  it('H13: the connection closed without a response', async () => {
    const started = await startRouterTo(await cannedBackend('', 'end'), short);
    const { answer, line } = await exchange(started);
    expect(answer).toContain('HTTP/1.1 503 ');
    expect(line).toContain('code=H13');
  });

  it('H15: silence in the middle of a response', async () => {
    const started = await startRouterTo(await cannedBackend('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'), short);
    const client = await rawClient(started.port, get);
    expect(await client.closed()).toMatch(/\r\n\r\nok$/);
    expect(started.lines[0]).toContain('code=H15');
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    [
      'an upgrade that nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n',
    ],
  ])('H17: a response with %s', async (_name, text) => {
    const started = await startRouterTo(await cannedBackend(text), short);
    const { answer, line } = await exchange(started);
    expect(answer).toContain('HTTP/1.1 503 ');
    expect(line).toContain('code=H17');
  });

  it('H17: cuts a chunked response where its framing breaks', async () => {
    const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n';
    const port = await rawBackend((socket) => {
      socket.once('data', () => {
        socket.write(text);
        setTimeout(() => socket.write('zz\r\n'), 20);
      });
    });
    const started = await startRouterTo(port);
    const client = await rawClient(started.port, get);
    expect(await client.closed()).not.toContain('zz');
    expect(started.lines[0]).toContain('code=H17');
  });

  it('H18: the app closed in the middle of its response', async () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok';
    const started = await startRouterTo(await cannedBackend(text, 'end'));
    const client = await rawClient(started.port, get);
    await client.closed();
    expect(started.lines[0]).toContain('code=H18');
  });

  it('H18: the app closed in the middle of the request', async () => {
    const started = await startRouterTo(await cannedBackend('', 'destroy'));
    const request = 'POST / HTTP/1.1\r\nHost: demo.localhost\r\nContent-Length: 100\r\n\r\nhello';
    const { answer, line } = await exchange(started, request);
    expect(answer).toContain('HTTP/1.1 503 ');
    expect(line).toContain('code=H18');
  });

  it('H19: no connection in time', async () => {
    // TEST-NET-1: packets to it go nowhere (RFC 5737).
    const started = await startRouter(short);
    const route = appRoute('live', [80]);
    const targets = route.targets.map((target) => ({ ...target, host: '192.0.2.1' }));
    started.router.apply({ type: 'put', version: 1, route: { ...route, targets } });
    const { line } = await exchange(started);
    // A machine without a way out refuses at once.
    expect(line).toMatch(/code=(H19 desc="Backend connection timeout"|H21)/);
  });

  it('H20: waited for a booting app in vain', async () => {
    const started = await startRouter(short);
    started.router.apply({ type: 'put', version: 1, route: appRoute('booting') });
    const { answer, line } = await exchange(started);
    expect(answer).toContain('HTTP/1.1 503 ');
    expect(line).toContain('code=H20');
  });

  it('H21: refused, after all targets were tried', async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    const started = await startRouterTo([port, 1], short);
    const { answer, line } = await exchange(started);
    expect(answer).toContain('HTTP/1.1 503 ');
    expect(line).toContain('code=H21');
  });

  it('H25: a response header beyond the limit', async () => {
    const text = `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(600_000)}\r\n\r\n`;
    const started = await startRouterTo(await cannedBackend(text));
    const { answer, line } = await exchange(started);
    expect(answer).toContain('HTTP/1.1 502 ');
    expect(line).toContain('code=H25');
  });

  it.each([
    ['a bare LF', 'GET / HTTP/1.1\nHost: demo.localhost\n\n'],
    ['a bare LF at the start', '\nGET / HTTP/1.1\r\nHost: demo.localhost\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost: demo.localhost\r\nA : b\r\n\r\n'],
    ['an endless head', `GET / HTTP/1.1\r\nHost: demo.localhost\r\n${`A: ${'b'.repeat(8000)}\r\n`.repeat(9)}`],
    ['NUL in an unfinished head', 'GET / HTTP/1.1\r\nHost: demo.localhost\r\nA: \0'],
  ])('H26: %s', async (_name, text) => {
    const started = await startRouterTo(await cannedBackend(ok));
    const client = await rawClient(started.port, text);
    const answer = await client.closed();
    expect(answer).toContain('HTTP/1.1 400 Bad Request');
    expect(answer).toContain('Connection: close');
    expect(started.lines[0]).toContain('at=error code=H26');
  });

  it('H26: a malformed chunked body, of which the app gets no byte after the fault', async () => {
    let got = '';
    const port = await rawBackend((socket) => {
      socket.on('data', (chunk) => {
        got += chunk;
      });
    });
    const started = await startRouterTo(port);
    const client = await rawClient(
      started.port,
      'POST / HTTP/1.1\r\nHost: demo.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n',
    );
    await waitFor(() => got.endsWith('5\r\n'));
    client.socket.write('helloX\r\n');
    expect(await client.closed()).toContain('HTTP/1.1 400 ');
    expect(started.lines[0]).toContain('code=H26');
    expect(got).not.toContain('X\r\n');
  });

  it('H26: 417 for an expectation that is not 100-continue', async () => {
    const started = await startRouterTo(await cannedBackend(ok));
    const request = 'GET / HTTP/1.1\r\nHost: demo.localhost\r\nExpect: tea\r\n\r\n';
    const { answer, line } = await exchange(started, request);
    expect(answer).toContain('HTTP/1.1 417 ');
    expect(line).toContain('code=H26');
  });

  it('H27: the client went away', async () => {
    const sockets: Socket[] = [];
    const port = await rawBackend((socket) => sockets.push(socket.resume()));
    const started = await startRouterTo(port);
    const client = await rawClient(started.port, get);
    await waitFor(() => sockets.length === 1);
    client.socket.destroy();
    await waitFor(() => started.lines.length === 1);
    expect(started.lines[0]).toContain('at=warning code=H27');
    expect(started.lines[0]).toContain('status=499');
    await waitFor(() => sockets[0]?.readableEnded === true);
  });

  it('H28: the client stopped in the middle of its request', async () => {
    const started = await startRouterTo(await cannedBackend(''), short);
    const request = 'POST / HTTP/1.1\r\nHost: demo.localhost\r\nContent-Length: 100\r\n\r\nhello';
    const client = await rawClient(started.port, request);
    expect(await client.closed()).toContain('HTTP/1.1 499 ');
    expect(started.lines[0]).toContain('code=H28');
    expect(started.lines[0]).toContain('status=499');
  });

  it('answers 404 for a host that is nobody’s, and logs nothing', async () => {
    const started = await startRouter();
    const client = await rawClient(started.port, 'GET / HTTP/1.1\r\nHost: other.localhost\r\n\r\n');
    expect(await client.until('No app answers')).toContain('HTTP/1.1 404 Not Found');
    expect(started.lines).toEqual([]);
  });

  it("answers 503 for the platform's host while the server is away", async () => {
    const started = await startRouter();
    const client = await rawClient(started.port, 'GET / HTTP/1.1\r\nHost: LOCALHOST:8080\r\n\r\n');
    expect(await client.until('Try again')).toContain("Shipway's server is restarting");
  });

  it('keeps the connection after an error, where the request was read to its end', async () => {
    const started = await startRouter();
    started.router.apply({ type: 'put', version: 1, route: appRoute('stopped') });
    const client = await rawClient(started.port, get + get);
    await waitFor(() => started.lines.length === 2);
    expect((await client.until('H14')).includes('Connection: close')).toBe(false);
  });

  it.each([
    ['text/html,*/*', 'text/html', '<!doctype html>'],
    ['application/json', 'application/json', '"id":"no_web_processes_running"'],
    ['application/vnd.heroku+json; version=3', 'application/json', '"message":"No web processes running (H14)'],
    ['*/*', 'text/plain', 'shipway ps:scale web=1'],
  ])('writes the page that %s accepts', async (accept, type, part) => {
    const started = await startRouter();
    started.router.apply({ type: 'put', version: 1, route: appRoute('stopped') });
    const request = `GET / HTTP/1.1\r\nHost: demo.localhost\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`;
    const answer = await (await rawClient(started.port, request)).closed();
    expect(answer).toContain(`Content-Type: ${type}`);
    expect(answer).toContain(part);
  });

  it('answers HEAD without a body', async () => {
    const started = await startRouter();
    started.router.apply({ type: 'put', version: 1, route: appRoute('stopped') });
    const request = 'HEAD / HTTP/1.1\r\nHost: demo.localhost\r\nConnection: close\r\n\r\n';
    const answer = await (await rawClient(started.port, request)).closed();
    expect(answer).toMatch(/Content-Length: [1-9].*\r\n\r\n$/s);
  });

  it('closes a connection that never asks, and one that never ends its head', async () => {
    const started = await startRouterTo(1, { connectionTimeouts: { clientIdleMs: 100 } });
    const silent = await rawClient(started.port);
    const slow = await rawClient(started.port, 'GET / HTTP/1.1\r\nHo');
    expect(await silent.closed()).toBe('');
    expect(await slow.closed()).toBe('');
  });
});
