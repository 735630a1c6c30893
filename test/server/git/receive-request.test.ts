import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../server/git/byte-reader.ts';
import { flushPkt, ProtocolError, writePkt } from '../../../server/git/pkt-line.ts';
import { readReceiveRequest } from '../../../server/git/receive-request.ts';

const zeros = '0'.repeat(40);
const ones = '1'.repeat(40);
const twos = '2'.repeat(40);

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function parse(lines: readonly string[], options?: readonly string[]) {
  const sections = [...lines.map(writePkt), flushPkt, ...(options ? [...options.map(writePkt), flushPkt] : [])];
  return readReceiveRequest(new ByteReader(once(Buffer.concat(sections))));
}

describe('server/git/receive-request', () => {
  it('reads commands, capabilities, cuts and push options', async () => {
    const lines = [
      `shallow ${twos}`,
      `${zeros} ${ones} refs/heads/main\0 report-status-v2 push-options agent=git/2.39`,
      `${ones} ${zeros} refs/heads/old`,
    ];
    expect(await parse(lines, ['clear-cache', 'a=b c'])).toEqual({
      commands: [
        { ref: 'refs/heads/main', oldOid: zeros, newOid: ones },
        { ref: 'refs/heads/old', oldOid: ones, newOid: zeros },
      ],
      shallow: [twos],
      capabilities: new Set(['report-status-v2', 'push-options', 'agent=git/2.39']),
      options: ['clear-cache', 'a=b c'],
    });
  });

  it('reads the probe: a flush packet alone, or nothing', async () => {
    expect((await parse([])).commands).toEqual([]);
    expect((await readReceiveRequest(new ByteReader(once(Buffer.alloc(0))))).commands).toEqual([]);
  });

  it.each([
    [`${zeros} refs/heads/main`],
    [`${zeros} ${ones}`],
    [`${'g'.repeat(40)} ${ones} refs/heads/main`],
    ['shallow 123'],
    ['push-cert\0'],
    [`${zeros} ${ones} refs/heads/a`, `${zeros} ${ones} refs/heads/b\0atomic`],
  ])('refuses %j', async (...lines) => {
    await expect(parse(lines)).rejects.toThrow(ProtocolError);
  });

  it('refuses a ref that is not UTF-8, which no answer could name', async () => {
    const line = Buffer.concat([Buffer.from(`${zeros} ${ones} refs/heads/`), Buffer.of(0xff)]);
    const bytes = Buffer.concat([writePkt(line), flushPkt]);
    await expect(readReceiveRequest(new ByteReader(once(bytes)))).rejects.toThrow(ProtocolError);
  });

  it('refuses a head that fills the memory', async () => {
    const line = writePkt(`${zeros} ${ones} refs/heads/${'x'.repeat(60_000)}`);
    async function* endless() {
      for (;;) yield line;
    }
    await expect(readReceiveRequest(new ByteReader(endless()))).rejects.toThrow('too many');
  });

  it('answers every stream with a request or a protocol error', async () => {
    const line = fc.oneof(fc.string(), fc.constant(`${zeros} ${ones} refs/heads/main\0atomic`));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (lines) => {
        await parse(lines).catch((error: unknown) => expect(error).toBeInstanceOf(ProtocolError));
      }),
    );
  });
});
