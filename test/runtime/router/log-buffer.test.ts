import { describe, expect, it } from 'vitest';
import { type AccessLine, LogBuffer } from '../../../runtime/router/log-buffer.ts';

const take = (buffer: LogBuffer, count: number): readonly AccessLine[] => JSON.parse(`[${buffer.take(count, 5)}]`);

describe('runtime/router/log-buffer', () => {
  it('gives lines back in order', () => {
    const buffer = new LogBuffer(10);
    for (const text of ['1', '2', '3']) buffer.push({ appId: 'a', at: 1, text });
    expect(take(buffer, 2).map((line) => line.text)).toEqual(['1', '2']);
    expect(take(buffer, 2).map((line) => line.text)).toEqual(['3']);
    expect(buffer.length).toBe(0);
  });

  it('drops the oldest and says to each app how many', () => {
    const buffer = new LogBuffer(10);
    for (let index = 0; index < 35; index++)
      buffer.push({ appId: index % 2 === 0 ? 'a' : 'b', at: 1, text: `${index}` });
    expect(buffer.length).toBe(10);
    const lines = take(buffer, 100);
    expect(lines.slice(0, 2)).toEqual([
      { appId: 'a', at: 5, text: 'at=warning desc="Log lines dropped while the server was away" dropped=13' },
      { appId: 'b', at: 5, text: 'at=warning desc="Log lines dropped while the server was away" dropped=12' },
    ]);
    expect(lines.slice(2).map((line) => line.text)).toEqual(Array.from({ length: 10 }, (_, index) => `${index + 25}`));
  });
});
