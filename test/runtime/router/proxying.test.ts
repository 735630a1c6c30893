import { createHash, randomBytes } from 'node:crypto';
import { Agent, createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readAll, send } from './node-client.ts';
import { cannedBackend, get, listen, ok, rawBackend, rawClient, startRouterTo, stopAll, waitFor } from './support.ts';

const megabytes = (count: number) => randomBytes(count * 2 ** 20);
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('runtime/router: proxying', () => {
  afterEach(stopAll);

  it('adds what the app is to know, and takes away what is between two hops', async () => {
    let seen = '';
    const port = await rawBackend((socket) => {
      socket.once('data', (chunk: Buffer) => {
        seen = chunk.toString();
        socket.write(
          'HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive\r\nX-A: b\r\n\r\nok',
        );
      });
    });
    const started = await startRouterTo(port);
    const client = await rawClient(
      started.port,
      'GET /a HTTP/1.1\r\nHost: demo.localhost\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nConnection: keep-alive\r\nX-Request-Id: 01234567890123456789\r\n\r\n',
    );
    expect(await client.until('\r\n\r\nok')).toBe(
      'HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-A: b\r\nVia: 1.1 shipway\r\n\r\nok',
    );
    expect(seen).toMatch(
      /^GET \/a HTTP\/1.1\r\nHost: demo.localhost\r\nX-Request-Id: 01234567890123456789\r\nX-Request-Start: \d{13}\r\nX-Forwarded-For: 9.9.9.9, 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 8080\r\nVia: 1.1 shipway\r\n\r\n$/,
    );
    expect(started.lines[0]).toMatch(
      /^at=info method=GET path="\/a" host=demo.localhost request_id=01234567890123456789 fwd="9.9.9.9, 127.0.0.1" dyno=web.1 connect=\d+ms service=\d+ms status=200 bytes=2 protocol=http$/,
    );
  });

  it.each([
    ['with a length', true],
    ['chunked', false],
  ])('carries large bodies both ways %s', async (_name, length) => {
    const down = megabytes(9);
    let got = '';
    const server = createServer(async (incoming, outgoing) => {
      got = digest(await readAll(incoming));
      if (length) outgoing.setHeader('content-length', down.length);
      outgoing.write(down.subarray(0, 5));
      outgoing.end(down.subarray(5));
    });
    const started = await startRouterTo(await listen(server));
    const up = megabytes(8);
    const answer = await send(started.port, { method: 'POST', body: up, length });
    expect(got).toBe(digest(up));
    expect(digest(answer.body)).toBe(digest(down));
    expect(answer.headers['transfer-encoding']).toBe(length ? undefined : 'chunked');
  });

  it('passes trailers on', async () => {
    const server = createServer((_incoming, outgoing) => {
      outgoing.writeHead(200, { trailer: 'x-sum' });
      outgoing.write('hello');
      outgoing.addTrailers({ 'x-sum': '1' });
      outgoing.end();
    });
    const started = await startRouterTo(await listen(server));
    expect((await send(started.port)).trailers).toEqual({ 'x-sum': '1' });
  });

  it('uses connections again on both sides', async () => {
    let connections = 0;
    const server = createServer((_incoming, outgoing) => outgoing.end('ok'));
    server.on('connection', () => connections++);
    const started = await startRouterTo(await listen(server));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let index = 0; index < 5; index++) expect((await send(started.port, { agent })).status).toBe(200);
    agent.destroy();
    expect(connections).toBe(1);
  });

  it('asks again when the app closes an idle connection under a request', async () => {
    let connections = 0;
    const port = await rawBackend((socket) => {
      connections++;
      // Answers the first request of a connection, and closes at the second.
      socket.once('data', () => {
        socket.write(ok);
        socket.once('data', () => socket.destroy());
      });
    });
    const started = await startRouterTo(port);
    for (let index = 0; index < 4; index++) expect((await send(started.port)).status).toBe(200);
    expect(connections).toBe(4);
  });

  it('never asks again on a connection that was new', async () => {
    let connections = 0;
    const port = await rawBackend((socket) => {
      connections++;
      socket.once('data', () => socket.destroy());
    });
    const started = await startRouterTo([port, port]);
    expect((await send(started.port)).status).toBe(503);
    expect(started.lines[0]).toContain('code=H13');
    expect(connections).toBe(1);
  });

  it('never asks again once a byte of the response has come', async () => {
    let requests = 0;
    const port = await rawBackend((socket) => {
      socket.on('data', () => {
        if (++requests === 1) socket.write(ok);
        else socket.end('H');
      });
    });
    const started = await startRouterTo(port);
    expect((await send(started.port)).status).toBe(200);
    expect((await send(started.port)).status).toBe(503);
    expect(started.lines[1]).toContain('code=H18');
    expect(requests).toBe(2);
  });

  it('never sends a POST a second time', async () => {
    let requests = 0;
    const port = await rawBackend((socket) => {
      socket.on('data', () => {
        if (++requests === 1) socket.write(ok);
        else socket.destroy();
      });
    });
    const started = await startRouterTo(port);
    expect((await send(started.port, { method: 'POST', body: Buffer.from('a'), length: true })).status).toBe(200);
    expect((await send(started.port, { method: 'POST', body: Buffer.from('a'), length: true })).status).toBe(503);
    expect(requests).toBe(2);
  });

  it('does not use a connection again on which the app sent too much', async () => {
    let connections = 0;
    const port = await rawBackend((socket) => {
      connections++;
      socket.on('data', () => socket.write(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`));
    });
    const started = await startRouterTo(port);
    expect((await send(started.port)).body.toString()).toBe('ok');
    expect((await send(started.port)).body.toString()).toBe('ok');
    expect(connections).toBe(2);
  });

  it('answers pipelined requests in order', async () => {
    const server = createServer((incoming, outgoing) => {
      // The first takes longest.
      setTimeout(() => outgoing.end(`answer ${incoming.url};`), incoming.url === '/0' ? 50 : 0);
    });
    const started = await startRouterTo(await listen(server));
    const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);
    const client = await rawClient(started.port, paths.map((path) => get.replace('/', path)).join(''));
    const text = await client.until('answer /19;');
    expect(text.match(/answer \/\d+/g)).toEqual(paths.map((path) => `answer ${path}`));
  });

  it('reads a request that comes byte by byte, and its neighbour', async () => {
    const started = await startRouterTo(await cannedBackend(ok));
    const text = `\r\nPOST /a HTTP/1.1\r\nHost: demo.localhost\r\nContent-Length: 3\r\n\r\nabc`;
    const client = await rawClient(started.port);
    client.socket.setNoDelay(true);
    for (const byte of text) {
      client.socket.write(byte);
      await new Promise(setImmediate);
    }
    expect(await client.until('\r\n\r\nok')).toContain('200 OK');
  });

  it('reads a response that comes byte by byte, with interim ones', async () => {
    const text = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`;
    const port = await rawBackend((socket) => {
      socket.setNoDelay(true);
      socket.once('data', async () => {
        for (const byte of text) {
          socket.write(byte);
          await new Promise(setImmediate);
        }
      });
    });
    const started = await startRouterTo(port);
    const client = await rawClient(started.port, get);
    const answer = await client.until('\r\n\r\nok');
    expect(answer).toMatch(/^HTTP\/1.1 103 Early Hints\r\nLink: <\/a>\r\nVia: 1.1 shipway\r\n\r\nHTTP\/1.1 200 OK/);
  });

  it('answers Expect: 100-continue itself', async () => {
    let seen = '';
    const port = await rawBackend((socket) => {
      socket.on('data', (chunk) => {
        seen += chunk;
        if (seen.endsWith('hello')) socket.write(ok);
      });
    });
    const started = await startRouterTo(port);
    const client = await rawClient(
      started.port,
      'POST / HTTP/1.1\r\nHost: demo.localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
    );
    await client.until('HTTP/1.1 100 Continue\r\n\r\n');
    client.socket.write('hello');
    expect(await client.until('\r\n\r\nok')).toContain('HTTP/1.1 200 OK');
    expect(seen).not.toContain('Expect');
  });

  it('answers HEAD, 204 and 304 without waiting for a body', async () => {
    const heads = ['200 OK\r\nContent-Length: 9', '204 No Content', '304 Not Modified\r\nContent-Length: 9'];
    const port = await rawBackend((socket) => {
      socket.on('data', () => socket.write(`HTTP/1.1 ${heads.shift()}\r\n\r\n`));
    });
    const started = await startRouterTo(port);
    const client = await rawClient(started.port, get.replace('GET', 'HEAD') + get + get);
    const text = await client.until('304 Not Modified');
    expect(text.indexOf('200 OK')).toBeLessThan(text.indexOf('204 No Content'));
    await waitFor(() => started.lines.length === 3);
  });

  it('ends a response that ends with its connection, by ending the client’s', async () => {
    const started = await startRouterTo(await cannedBackend('HTTP/1.1 200 OK\r\n\r\nhello', 'end'));
    const client = await rawClient(started.port, get);
    const text = await client.closed();
    expect(text).toContain('Connection: close\r\n\r\nhello');
    expect(started.lines[0]).toContain('status=200 bytes=5');
  });

  it('gives an HTTP/1.0 client the content of chunks', async () => {
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a\r\n!\r\n0\r\nX: y\r\n\r\n';
    const started = await startRouterTo(await cannedBackend(chunks));
    const client = await rawClient(started.port, 'GET / HTTP/1.0\r\nHost: demo.localhost\r\n\r\n');
    const text = await client.closed();
    expect(text).toMatch(/\r\n\r\nhello!$/);
    expect(text).not.toContain('chunked');
  });

  it('delivers an answer that comes before the request is complete, then closes', async () => {
    const port = await rawBackend((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig'));
    });
    const started = await startRouterTo(port);
    const client = await rawClient(
      started.port,
      'POST / HTTP/1.1\r\nHost: demo.localhost\r\nContent-Length: 99999999\r\n\r\nhello',
    );
    client.socket.write(Buffer.alloc(4 * 2 ** 20));
    expect(await client.closed()).toContain('big');
  });

  it('carries a WebSocket, first bytes included, and logs it at its end', async () => {
    const server = createServer();
    server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${incoming.headers.upgrade}\r\nConnection: Upgrade\r\n\r\nhi `,
      );
      socket.write(head);
      socket.pipe(socket);
      socket.on('error', () => undefined);
    });
    const started = await startRouterTo(await listen(server));
    const client = await rawClient(
      started.port,
      'GET /chat HTTP/1.1\r\nHost: demo.localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nfirst ',
    );
    await client.until('hi first ');
    client.socket.write('second');
    const text = await client.until('second');
    expect(text).toContain(
      'HTTP/1.1 101 Switching Protocols\r\nVia: 1.1 shipway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n',
    );
    client.socket.end();
    await client.closed();
    await waitFor(() => started.lines.length === 1);
    expect(started.lines[0]).toContain('status=101');
  });

  it('serves on when the app declines an upgrade', async () => {
    const started = await startRouterTo(await cannedBackend(ok));
    const client = await rawClient(
      started.port,
      get.replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
    );
    expect(await client.until('\r\n\r\nok')).toContain('200 OK');
  });

  it('stops reading from the app while the client does not read', async () => {
    let written = 0;
    const total = 64 * 2 ** 20;
    const chunk = Buffer.alloc(2 ** 16);
    const port = await rawBackend((socket) => {
      const pump = () => {
        while (written < total) {
          written += chunk.length;
          if (!socket.write(chunk)) return;
        }
      };
      socket.on('drain', pump);
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
        pump();
      });
    });
    const started = await startRouterTo(port);
    const client = await rawClient(started.port, get);
    client.socket.pause();
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(written).toBeLessThan(total);
    client.socket.resume();
    await waitFor(() => client.socket.bytesRead > total);
    await waitFor(() => started.lines.length === 1);
    expect(started.lines[0]).toContain(`bytes=${total}`);
  });

  it('stops reading from the client while the app does not read', async () => {
    const sockets: Socket[] = [];
    const port = await rawBackend((socket) => {
      socket.pause();
      sockets.push(socket);
    });
    const started = await startRouterTo(port);
    const total = 64 * 2 ** 20;
    const client = await rawClient(
      started.port,
      `POST / HTTP/1.1\r\nHost: demo.localhost\r\nContent-Length: ${total}\r\n\r\n`,
    );
    client.socket.write(Buffer.alloc(total));
    await waitFor(() => sockets.length === 1);
    let before = -1;
    const sent = () => client.socket.bytesWritten - client.socket.writableLength;
    while (before !== sent()) {
      before = sent();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    let read = 0;
    sockets[0]?.on('data', (chunk) => {
      read += chunk.length;
      if (read > total) sockets[0]?.write(ok);
    });
    sockets[0]?.resume();
    await client.until('\r\n\r\nok');
  });
});
