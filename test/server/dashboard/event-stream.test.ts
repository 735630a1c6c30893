import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventReader } from '../../../server/dashboard/rules/event-stream.ts';

const read = (chunks: readonly string[]) => {
  const reader = createEventReader();
  return chunks.flatMap((chunk) => [...reader(chunk)]);
};

describe('dashboard/rules/event-stream', () => {
  it('reads ids, names and data of several lines', () => {
    expect(read(['id: 7\ndata: one\ndata:two\n\nevent: end\ndata\n\n'])).toEqual([
      { id: '7', event: 'message', data: 'one\ntwo' },
      { id: '7', event: 'end', data: '' },
    ]);
  });

  it('ignores comments and events without data', () => {
    expect(read([': ping\n\nid: 3\n\ndata: a\n\n'])).toEqual([{ id: '3', event: 'message', data: 'a' }]);
  });

  it('does not give an event that was cut off', () => {
    expect(read(['data: a\n\ndata: b\n'])).toHaveLength(1);
  });

  it('gives the same events wherever the chunks end', () => {
    const end = fc.constantFrom('\n', '\r\n', '\r');
    const event = fc.tuple(fc.nat(), fc.stringMatching(/^[a-z :]{0,8}$/), end);
    fc.assert(
      fc.property(fc.array(event), fc.array(fc.nat(40)), (events, cuts) => {
        const text = events.map(([id, data, eol]) => `id: ${id}${eol}data: ${data}${eol}${eol}`).join('');
        const chunks: string[] = [];
        let rest = text;
        for (const cut of cuts) {
          chunks.push(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        // The comment completes an event that ends in a bare carriage return.
        expect(read([...chunks, rest, ':\n'])).toEqual(read([`${text}:\n`]));
        expect(read([`${text}:\n`]).map(({ data }) => data)).toEqual(events.map(([, data]) => data));
      }),
    );
  });
});
