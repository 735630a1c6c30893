import { describe, expect, it } from 'vitest';
import { LogBuffer } from '../../../runtime/router/log-buffer.ts';

/** Texts of all lines, by report. */
function takeAll(buffer: LogBuffer): string[][] {
  const reports: string[][] = [];
  for (let report = buffer.take(5); report !== undefined; report = buffer.take(5)) {
    const { type, lines } = JSON.parse(report.toString());
    expect(type).toBe('log');
    reports.push(lines.map((line: { appId: string; text: string }) => `${line.appId} ${line.text}`));
  }
  return reports;
}

describe('runtime/router/log-buffer', () => {
  it('gives lines back in order, 200 to a report', () => {
    const buffer = new LogBuffer({ maxLines: 1000 });
    for (let index = 0; index < 250; index++) buffer.push('a', 1, `${index}`);
    const reports = takeAll(buffer);
    expect(reports.map((lines) => lines.length)).toEqual([200, 50]);
    expect(reports.flat()).toEqual(Array.from({ length: 250 }, (_, index) => `a ${index}`));
    expect(takeAll(buffer)).toEqual([]);
  });

  it('drops the oldest and says to each app how many', () => {
    const buffer = new LogBuffer({ maxLines: 400 });
    for (let index = 0; index < 650; index++) buffer.push(index % 4 === 0 ? 'a' : 'b', 1, `${index}`);
    const [losses = [], ...kept] = takeAll(buffer);
    expect(losses).toEqual([
      'a at=warning desc="Log lines dropped while the server was away" dropped=50',
      'b at=warning desc="Log lines dropped while the server was away" dropped=150',
    ]);
    expect(kept.flat()).toHaveLength(450);
    expect(kept.flat()[0]).toBe('a 200');
  });

  it('takes lines of any length', () => {
    const buffer = new LogBuffer({ maxLines: 1000 });
    for (let index = 0; index < 4; index++) buffer.push('a', 1, 'x'.repeat(40_000));
    expect(takeAll(buffer).flat()).toHaveLength(4);
  });
});
