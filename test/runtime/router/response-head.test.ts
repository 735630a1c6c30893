import { describe, expect, it } from 'vitest';
import { chunked, untilClose } from '../../../runtime/router/framing.ts';
import { parseResponseHead } from '../../../runtime/router/response-head.ts';

const response = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\n`;

describe('runtime/router/response-head', () => {
  it.each([
    ['no status line', response('hello', 'A: b')],
    ['HTTP/2', response('HTTP/2 200 OK')],
    ['a status of two digits', response('HTTP/1.1 20 OK')],
    ['a status out of range', response('HTTP/1.1 600 Hm')],
    ['a control character in the reason', response('HTTP/1.1 200 O\x01K')],
    ['both lengths', response('HTTP/1.1 200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked')],
    ['two lengths', response('HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 1')],
    ['a length that is no number', response('HTTP/1.1 200 OK', 'Content-Length: 1a')],
    ['another transfer coding', response('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked')],
    ['a space before the colon', response('HTTP/1.1 200 OK', 'Content-Length : 1')],
    ['a bare LF', response('HTTP/1.1 200 OK', 'A: b\nC: d')],
    ['obs-fold', response('HTTP/1.1 200 OK', 'A: b', ' c')],
  ])('refuses %s', (_name, text) => {
    expect(parseResponseHead(text, 'GET')).toBe('malformed');
  });

  it('refuses a header line beyond 512 KB as over the limit', () => {
    expect(parseResponseHead(response('HTTP/1.1 200 OK', `A: ${'b'.repeat(524_288)}`), 'GET')).toBe('over-limit');
  });

  it.each([
    ['GET', '200 OK', ['Content-Length: 5'], 5],
    ['GET', '200 OK', ['Transfer-Encoding: Chunked'], chunked],
    ['GET', '200 OK', [], untilClose],
    ['HEAD', '200 OK', ['Content-Length: 5'], 0],
    ['HEAD', '200 OK', ['Transfer-Encoding: chunked'], 0],
    ['GET', '304 Not Modified', ['Content-Length: 5'], 0],
    ['GET', '204 No Content', ['Content-Length: 5'], 0],
    ['GET', '103 Early Hints', ['Link: </a>'], 0],
  ] as const)('%s answered by %s with %j has the framing %i', (method, status, fields, framing) => {
    expect(parseResponseHead(response(`HTTP/1.1 ${status}`, ...fields), method)).toMatchObject({ framing });
  });

  it('takes lengths away where a client might believe them, and what is hop-by-hop', () => {
    const head = parseResponseHead(
      response(
        'HTTP/1.1 204 No Content',
        'A: b',
        'Content-Length: 5',
        'Connection: keep-alive, X-B',
        'X-B: c',
        'Keep-Alive: timeout=5',
      ),
      'GET',
    );
    expect(head).toMatchObject({ fields: 'A: b\r\n', keepAlive: true, keepAliveS: 5 });
  });

  it('reads a status line without a reason', () => {
    expect(parseResponseHead(response('HTTP/1.1 200'), 'HEAD')).toMatchObject({
      statusLine: 'HTTP/1.1 200 ',
    });
    expect(parseResponseHead(response('HTTP/1.0 200 '), 'HEAD')).toMatchObject({
      statusLine: 'HTTP/1.1 200 ',
      keepAlive: false,
    });
  });
});
