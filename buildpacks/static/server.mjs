// Serves a folder on 0.0.0.0: node server.mjs <folder> <port> [--single]. Runs inside images of static sites.
// `send` does paths, types, ranges and preconditions; `compression` encodes.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import compression from 'compression';
import send from 'send';

const [folder = '.', port = '5000', ...flags] = process.argv.slice(2);
const root = path.resolve(folder);
/** For apps with client-side routing: every path that is no file is index.html. */
const single = flags.includes('--single');
/** Files for Shipway, not for visitors, where the repository's root is the site. */
const hidden = new Set(['/Procfile', '/Staticfile', '/app.json']);

/** Files of an image all have the same time, so a validator made of time and size would call a changed file unchanged. */
const etags = new Map();

async function hashFiles() {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((found) => found.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    // Weak, since the same file is also sent compressed (RFC 9110, section 8.8.3.3).
    etags.set(file, `W/"${hash.digest('base64url').slice(0, 27)}"`);
  }
}

const compress = compression({
  // A part of a file is a part of its own bytes: it is never encoded.
  filter: (request, response) => request.headers.range === undefined && compression.filter(request, response),
});

function serve(request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return answer(response, 405, 'Method not allowed');
  }
  const pathname = (request.url ?? '/').split('?', 1)[0];
  if (hidden.has(pathname)) return notFound(request, response);
  stream(request, pathname, {})
    .on('error', (error) => {
      if (error.status === 404 || error.status === 403) return notFound(request, response);
      for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value);
      answer(response, error.status ?? 500, error.expose === true ? error.message : 'Cannot read the file');
    })
    .pipe(response);
}

function stream(request, pathname, options) {
  return send(request, pathname, {
    root,
    // .well-known is for visitors (RFC 8615); other dot files are for tools.
    dotfiles: pathname.startsWith('/.well-known/') ? 'allow' : 'ignore',
    extensions: ['html'],
    etag: false,
    lastModified: false,
    ...options,
  }).on('headers', (response, file) => {
    const etag = etags.get(file);
    if (etag !== undefined) response.setHeader('ETag', etag);
  });
}

function notFound(request, response) {
  response.statusCode = single ? 200 : 404;
  // No ranges: they would turn the status into 206.
  stream(request, single ? '/index.html' : '/404.html', { acceptRanges: false })
    .on('error', () => answer(response, 404, 'Not found'))
    .pipe(response);
}

function answer(response, status, text) {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

const server = createServer((request, response) => compress(request, response, () => serve(request, response)));
// Longer than the router keeps its idle connections, so that it is never the site that closes one in use.
server.keepAliveTimeout = 95_000;
server.listen({ host: '0.0.0.0', port: Number(port) }, () => {
  console.log(`Serving ${folder} on port ${server.address().port}`);
  // Answers need no validator to be right, so the first ones do not wait for it.
  hashFiles().catch((error) => console.error(`Cannot make ETags: ${error.message}`));
});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
