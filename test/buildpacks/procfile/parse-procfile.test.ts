import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProcfile } from '../../../buildpacks/procfile/parse-procfile.ts';
import { ShipwayError } from '../../../server/domain/error.ts';

describe('buildpacks/procfile/parse-procfile', () => {
  it('reads types and commands, skips comments and empty lines', () => {
    expect(parseProcfile('\uFEFFweb: node server.js --port $PORT\r\n\n# later\nworker:node worker.js\n')).toEqual([
      { type: 'web', command: 'node server.js --port $PORT' },
      { type: 'worker', command: 'node worker.js' },
    ]);
  });

  it('keeps colons of the command', () => {
    expect(parseProcfile('web: echo a:b')).toEqual([{ type: 'web', command: 'echo a:b' }]);
  });

  it.each([
    ['web node server.js', 'line 1: expected "<type>: <command>"'],
    ['web: a\nwe b: c', 'line 2: expected'],
    ['web:', 'line 1: process type web has no command'],
    ['web: a\n\nweb: b', 'line 3: process type web is there twice'],
    ['web: a\u0000b', 'line 1: the command of web has a control character'],
    [`${'x'.repeat(64)}: a`, 'line 1: a process type has at most 63 characters'],
    [`web: ${'x'.repeat(20_000)}`, 'line 1: the command of web is longer than 16384 bytes'],
    [Array.from({ length: 101 }, (_, index) => `t${index}: a`).join('\n'), 'line 101: more than 100 process types'],
  ])('refuses %j with the line and what to do', (text, message) => {
    expect(() => parseProcfile(text)).toThrow(message);
  });

  it('reads back what it is given, whatever the command', () => {
    const type = fc.stringMatching(/^[A-Za-z0-9_-]{1,63}$/);
    const command = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,60}[\x21-\x7e])?$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ type, command }), { selector: (entry) => entry.type, maxLength: 20 }),
        (list) => {
          expect(parseProcfile(list.map((entry) => `${entry.type}: ${entry.command}`).join('\n'))).toEqual(list);
        },
      ),
    );
  });

  it('answers or refuses any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        try {
          for (const { type, command } of parseProcfile(text)) {
            expect(type).toMatch(/^[A-Za-z0-9_-]{1,63}$/);
            expect(command).not.toMatch(/[\n\r\0]/);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ShipwayError);
        }
      }),
    );
  });
});
