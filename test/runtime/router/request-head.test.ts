import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequestHead, type RequestHead } from '../../../runtime/router/request-head.ts';

const lines = (...all: readonly string[]) => `${all.join('\r\n')}\r\n`;
const request = (...fields: readonly string[]) => lines('GET /a?b HTTP/1.1', 'Host: demo.localhost', ...fields);

function parsed(text: string): RequestHead {
  const head = parseRequestHead(text);
  if ('problem' in head) throw new Error(head.problem);
  return head;
}

const refused: Readonly<Record<string, string>> = {
  'no request line': lines('', 'Host: a'),
  'no target': lines('GET  HTTP/1.1', 'Host: a'),
  'two spaces': lines('GET  / HTTP/1.1', 'Host: a'),
  'a tab for a space': lines('GET\t/ HTTP/1.1', 'Host: a'),
  'a trailing space': lines('GET / HTTP/1.1 ', 'Host: a'),
  'a space in the target': lines('GET /a b HTTP/1.1', 'Host: a'),
  'a raw byte in the target': lines('GET /\xe9 HTTP/1.1', 'Host: a'),
  'a fragment': lines('GET /#a HTTP/1.1', 'Host: a'),
  'a method with a colon': lines('GE:T / HTTP/1.1', 'Host: a'),
  'HTTP/2.0': lines('GET / HTTP/2.0', 'Host: a'),
  'HTTP/0.9': lines('GET /', 'Host: a'),
  'lower-case http': lines('GET / http/1.1', 'Host: a'),
  CONNECT: lines('CONNECT demo.localhost:443 HTTP/1.1', 'Host: demo.localhost:443'),
  'an authority as target': lines('GET demo.localhost HTTP/1.1', 'Host: demo.localhost'),
  '* for GET': lines('GET * HTTP/1.1', 'Host: a'),
  'an absolute target for another host': lines('GET http://other/ HTTP/1.1', 'Host: a'),
  'an absolute target with user information': lines('GET http://a@b/ HTTP/1.1', 'Host: b'),
  'no Host': lines('GET / HTTP/1.1'),
  'no Host, HTTP/1.0': lines('GET / HTTP/1.0'),
  'an empty Host': lines('GET / HTTP/1.1', 'Host:'),
  'two Hosts': request('Host: demo.localhost'),
  'two Hosts in one': lines('GET / HTTP/1.1', 'Host: a, b'),
  'a path in Host': lines('GET / HTTP/1.1', 'Host: a/b'),
  'user information in Host': lines('GET / HTTP/1.1', 'Host: a@b'),
  'a space before the colon': request('Content-Length : 5'),
  'a name with a space': request('Content Length: 5'),
  'no name': request(': 5'),
  'no colon': request('Content-Length'),
  'obs-fold': request('X-A: b', ' c'),
  'obs-fold after Host': lines('GET / HTTP/1.1', 'Host: a', '\tb'),
  'NUL in a value': request('X-A: b\0c'),
  'NUL in a name': request('X-A\0: b'),
  'a bare LF': request('X-A: b\nContent-Length: 5'),
  'a bare CR': request('X-A: b\rContent-Length: 5'),
  'a control character': request('X-A: b\x0bc'),
  'both lengths': request('Content-Length: 5', 'Transfer-Encoding: chunked'),
  'both lengths, the other way': request('Transfer-Encoding: chunked', 'Content-Length: 5'),
  'two equal lengths': request('Content-Length: 5', 'Content-Length: 5'),
  'two different lengths': request('Content-Length: 5', 'Content-Length: 6'),
  'a list of lengths': request('Content-Length: 5, 5'),
  'a signed length': request('Content-Length: +5'),
  'a negative length': request('Content-Length: -5'),
  'a hexadecimal length': request('Content-Length: 0x5'),
  'an empty length': request('Content-Length:'),
  'a length with a space': request('Content-Length: 5 5'),
  'a length beyond counting': request('Content-Length: 18446744073709551617'),
  'a length with a no-break space': request('Content-Length: 5\xa0'),
  'another transfer coding': request('Transfer-Encoding: gzip'),
  'chunked not alone': request('Transfer-Encoding: gzip, chunked'),
  'chunked twice': request('Transfer-Encoding: chunked, chunked'),
  'chunked in two lines': request('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  'a quoted coding': request('Transfer-Encoding: "chunked"'),
  'a coding with a no-break space': request('Transfer-Encoding: chunked\xa0'),
  'a misspelt coding': request('Transfer-Encoding: xchunked'),
  'an empty coding': request('Transfer-Encoding:'),
  'chunked in HTTP/1.0': lines('POST / HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked'),
  'Connection naming Host': request('Connection: close, Host'),
  'Connection naming Content-Length': request('Content-Length: 5', 'Connection: content-length'),
  'Connection naming Transfer-Encoding': request('Transfer-Encoding: chunked', 'Connection: transfer-encoding'),
  'a request line beyond 8,192 bytes': lines(`GET /${'a'.repeat(8192)} HTTP/1.1`, 'Host: a'),
  'a header line beyond 8,192 bytes': request(`X-A: ${'a'.repeat(8192)}`),
  'a header name beyond 1,000 bytes': request(`${'a'.repeat(1001)}: b`),
  'more than 1,000 headers': request(...Array.from({ length: 1000 }, (_, index) => `x-${index}: a`)),
};

describe('runtime/router/request-head', () => {
  it.each(Object.entries(refused))('refuses %s', (_name, text) => {
    expect(parseRequestHead(text)).toHaveProperty('problem');
  });

  it('reads what the router acts on', () => {
    const head = parsed(
      lines(
        'POST /a?b=%20 HTTP/1.1',
        'hOST:\tDemo.localhost:8080 ',
        'Content-Length: 12',
        'Accept: text/html',
        'X-Request-ID: 0123456789-0123456789',
        'X-Forwarded-For: 1.2.3.4',
        'x-forwarded-for: 5.6.7.8',
        'Expect: 100-Continue',
      ),
    );
    expect(head).toMatchObject({
      method: 'POST',
      target: '/a?b=%20',
      minorVersion: 1,
      host: 'Demo.localhost:8080',
      framing: 12,
      keepAlive: true,
      upgrade: undefined,
      expect: '100-continue',
      requestId: '0123456789-0123456789',
      forwardedFor: '1.2.3.4, 5.6.7.8',
      accept: 'text/html',
    });
  });

  it('passes end-to-end lines on byte for byte, and no hop-by-hop or forged ones', () => {
    const head = parsed(
      request(
        'Connection: close, X-Private',
        'X-A:  b ',
        'x-private: 1',
        'Keep-Alive: timeout=5',
        'TE: trailers',
        'Proxy-Connection: keep-alive',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Port: 1',
        'X-Request-Start: 1',
        'Cookie: a=b',
        'Via: 1.1 other',
      ),
    );
    expect(head.fields).toBe('Host: demo.localhost\r\nX-A:  b \r\nCookie: a=b\r\nVia: 1.1 other\r\n');
    expect(head.keepAlive).toBe(false);
  });

  it.each(['short', 'a'.repeat(201), 'has_underscore_in_its_text', 'has space in its text here'])(
    'ignores the request id %j',
    (id) => expect(parsed(request(`X-Request-Id: ${id}`)).requestId).toBeUndefined(),
  );

  it('takes an absolute target for its own host as a path', () => {
    expect(parsed(lines('GET http://Demo.localhost/a?b HTTP/1.1', 'Host: demo.localhost')).target).toBe('/a?b');
    expect(parsed(lines('GET http://demo.localhost?b HTTP/1.1', 'Host: demo.localhost')).target).toBe('/?b');
    expect(parsed(lines('OPTIONS * HTTP/1.1', 'Host: demo.localhost')).target).toBe('*');
  });

  it('ends the connection of an HTTP/1.0 client, and of one that says close', () => {
    expect(parsed(lines('GET / HTTP/1.0', 'Host: a', 'Connection: keep-alive')).keepAlive).toBe(false);
    expect(parsed(request('Connection: CLOSE')).keepAlive).toBe(false);
  });

  it('never throws, and passes on only lines that it was given', () => {
    const anything = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
    const field = fc.tuple(fc.constantFrom('X-A', 'Connection', 'Content-Length', 'Via', 'Te', 'a b'), anything);
    fc.assert(
      fc.property(fc.array(field), anything, (fields, target) => {
        const given = fields.map(([name, value]) => `${name}: ${value}`);
        const head = parseRequestHead(lines(`GET /${target} HTTP/1.1`, 'Host: a', ...given));
        if ('problem' in head) return;
        for (const line of head.fields.split('\r\n').slice(0, -1)) expect(['Host: a', ...given]).toContain(line);
      }),
    );
  });
});
