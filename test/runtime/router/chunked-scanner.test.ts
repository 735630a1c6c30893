import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkedScanner } from '../../../runtime/router/chunked-scanner.ts';

/** Feeds `text` in pieces cut at `cuts`; the content, where the body ended (-1: malformed) and whether it is complete. */
function scan(text: string, cuts: readonly number[] = []): { content: string; end: number; done: boolean } {
  const bytes = Buffer.from(text, 'latin1');
  const scanner = new ChunkedScanner();
  let content = '';
  let end = 0;
  const places = [...new Set([0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  );
  for (let index = 0; index + 1 < places.length && !scanner.done; index++) {
    const piece = bytes.subarray(places[index], places[index + 1]);
    const used = scanner.scan(piece, 0, (from, to) => {
      content += piece.toString('latin1', from, to);
    });
    if (used === -1) return { content, end: -1, done: false };
    end += used;
  }
  return { content, end, done: scanner.done };
}

const valid = '5\r\nhello\r\n6;a=b;c\r\n world\r\n000\r\nX-Sum: 1\r\n\r\n';

describe('runtime/router/chunked-scanner', () => {
  it('reads chunks, extensions and trailers, split at every byte', () => {
    for (let cut = 0; cut <= valid.length; cut++) {
      expect(scan(`${valid}GET /`, [cut])).toEqual({ content: 'hello world', end: valid.length, done: true });
    }
    const everyByte = Array.from({ length: valid.length }, (_, index) => index);
    expect(scan(valid, everyByte)).toEqual({ content: 'hello world', end: valid.length, done: true });
  });

  it.each([
    ['no size', '\r\nhello\r\n'],
    ['a size that is not hexadecimal', 'g\r\n'],
    ['a signed size', '-1\r\n'],
    ['a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a space before the size', ' 5\r\nhello\r\n0\r\n\r\n'],
    ['a space after the size', '5 \r\nhello\r\n0\r\n\r\n'],
    ['a size beyond counting', `${'f'.repeat(17)}\r\n`],
    ['a bare LF after the size', '5\nhello\r\n0\r\n\r\n'],
    ['a bare CR after the size', '5\rhello\r\n0\r\n\r\n'],
    ['a chunk longer than its size', '5\r\nhello!\r\n0\r\n\r\n'],
    ['a chunk without its CRLF', '5\r\nhello0\r\n\r\n'],
    ['a bare LF after a chunk', '5\r\nhello\n0\r\n\r\n'],
    ['an extension without a name', '5;\r\nhello\r\n0\r\n\r\n'],
    ['a quoted extension', '5;a="\r\n"\r\nhello\r\n0\r\n\r\n'],
    ['a LF in an extension', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
    ['an endless extension', `5;${'a'.repeat(1000)}`],
    ['a trailer without a name', '0\r\n: a\r\n\r\n'],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
    ['a trailer that frames', '0\r\nContent-Length: 5\r\n\r\n'],
    ['a trailer that routes', '0\r\nHost: a\r\n\r\n'],
    ['a NUL in a trailer', '0\r\nA: \0\r\n\r\n'],
    ['endless trailers', `0\r\n${'A: b\r\n'.repeat(101)}\r\n`],
  ])('refuses %s', (_name, text) => {
    expect(scan(text).end).toBe(-1);
    expect(
      scan(
        text,
        Array.from({ length: text.length }, (_, index) => index),
      ).end,
    ).toBe(-1);
  });

  it('finds the content and the end of any chunked body, cut anywhere', () => {
    const body = fc.array(fc.string({ minLength: 1, maxLength: 300, unit: 'binary-ascii' }), { maxLength: 8 });
    fc.assert(
      fc.property(body, fc.array(fc.nat(3000)), fc.string(), (chunks, cuts, after) => {
        const text = `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;
        const rest = Buffer.from(after).toString('latin1');
        expect(scan(text + rest, cuts)).toEqual({ content: chunks.join(''), end: text.length, done: true });
      }),
    );
  });

  it('answers the same however bytes are cut', () => {
    const pieces = fc.array(fc.constantFrom('5', '\r\n', '\n', 'hello', '0', ';a', '=b', ' ', ':', 'A: b', 'ff', '\0'));
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(100)), (parts, cuts) => {
        const text = parts.join('');
        const whole = scan(text);
        const cut = scan(text, cuts);
        // A malformed end may only be seen when the next bytes come.
        expect(cut.end === -1).toBe(whole.end === -1);
        if (whole.end !== -1) expect(cut).toEqual(whole);
      }),
    );
  });
});
