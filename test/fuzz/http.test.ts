import { describe, expect, it } from 'vitest';
import { fuzzHttp, readAsRouter } from './http.ts';

describe('test/fuzz/http', () => {
  it('finds no difference to Node’s parser in a short run', async () => {
    const report = await fuzzHttp({ seconds: 20, seed: 1, inputs: 3000 });
    expect(report.findings).toEqual([]);
    expect(report.accepted).toBeGreaterThan(100);
  });

  it('reads a whole message', () => {
    const text =
      'POST /a HTTP/1.1\r\nHost: demo.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
    expect(readAsRouter(text)).toEqual({ method: 'POST', target: '/a', host: 'demo.localhost', body: 'hello' });
    expect(readAsRouter(text.slice(0, -1))).toBeUndefined();
  });
});
