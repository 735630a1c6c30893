import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Access, formatAccess } from '../../../runtime/router/access-log.ts';
import { failures } from '../../../runtime/router/failure.ts';

const access: Access = {
  failure: undefined,
  method: 'GET',
  target: '/a',
  host: 'demo.localhost',
  requestId: 'id',
  forwardedFor: '127.0.0.1',
  instance: 'web.1',
  connectMs: 0.4,
  serviceMs: 2.6,
  status: 200,
  bytes: 12,
  protocol: 'http',
};
const formatted = (change: Partial<Access>): string => JSON.parse(`"${formatAccess({ ...access, ...change })}"`);

describe('runtime/router/access-log', () => {
  it('writes the line that users of git-push platforms know', () => {
    expect(formatted({})).toBe(
      'at=info method=GET path="/a" host=demo.localhost request_id=id fwd="127.0.0.1" dyno=web.1 connect=0ms service=3ms status=200 bytes=12 protocol=http',
    );
    expect(formatted({ failure: failures.H12, connectMs: -1 })).toMatch(
      /^at=error code=H12 desc="Request timeout" method=GET .* connect= service=3ms/,
    );
  });

  it('lets no client end a quoted value, break a line, or write an endless one', () => {
    const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(bytes, bytes, (target, forwardedFor) => {
        const line = formatted({ target, forwardedFor });
        expect(line.match(/"/g)).toHaveLength(4);
        expect(line).toMatch(/^[ -~]*$/);
      }),
    );
    expect(formatted({ target: '\xff'.repeat(9000) }).length).toBeLessThan(13_000);
  });
});
