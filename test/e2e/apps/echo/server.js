const { createHash } = require('node:crypto');
const { createServer } = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');

const version = require('./version.json');

/** What the tests ask of an app, by path. */
const answers = {
  '/': (_request, response) => response.end(`echo ${version}\n`),
  '/env': (_request, response) => response.end(JSON.stringify(process.env)),
  '/slow': async (_request, response) => {
    await sleep(300);
    response.end(`slow ${version}\n`);
  },
  '/log': (_request, response) => {
    console.log('a line of the app');
    response.end('logged\n');
  },
  '/crash': () => process.exit(3),
  '/upload': async (request, response) => {
    const digest = createHash('sha256');
    let bytes = 0;
    for await (const chunk of request) {
      digest.update(chunk);
      bytes += chunk.length;
    }
    response.end(
      JSON.stringify({ bytes, digest: digest.digest('hex'), encoding: request.headers['transfer-encoding'] }),
    );
  },
  // Without a Content-Length: Node sends it chunked.
  '/download': async (_request, response) => {
    for (let part = 0; part < 20; part++) {
      response.write(`part ${part} ${'x'.repeat(50_000)}\n`);
      await sleep(5);
    }
    response.end('the end\n');
  },
};

const server = createServer((request, response) => {
  const answer = answers[request.url];
  if (answer) return answer(request, response);
  response.statusCode = 404;
  return response.end('no such path\n');
});

/** Echoes frames as raw bytes after the handshake (RFC 6455 section 4.2.2): what matters is that both directions pass. */
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.pipe(socket);
  socket.on('error', () => socket.destroy());
});

server.listen(process.env.PORT, '0.0.0.0', () => console.log(`listening on ${process.env.PORT}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
