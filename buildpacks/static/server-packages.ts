/**
 * What server.mjs imports, with everything below it: exact, so that one version of this buildpack is one server.
 * `compression` brings its own older `debug` and `ms`, by exact versions of its own.
 */
export const serverPackages: Readonly<Record<string, string>> = {
  bytes: '3.1.2',
  compressible: '2.0.18',
  compression: '1.8.1',
  debug: '4.4.3',
  depd: '2.0.0',
  'ee-first': '1.1.1',
  encodeurl: '2.0.3',
  'escape-html': '1.0.3',
  etag: '1.8.1',
  fresh: '2.0.0',
  'http-errors': '2.0.1',
  inherits: '2.0.4',
  'mime-db': '1.54.0',
  'mime-types': '3.0.2',
  ms: '2.1.3',
  negotiator: '0.6.4',
  'on-finished': '2.4.2',
  'on-headers': '1.1.0',
  'range-parser': '1.3.0',
  'safe-buffer': '5.2.1',
  send: '1.2.1',
  setprototypeof: '1.2.0',
  statuses: '2.0.2',
  toidentifier: '1.0.1',
  vary: '1.1.2',
};
