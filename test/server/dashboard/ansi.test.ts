import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnsi, plainText } from '../../../server/dashboard/rules/ansi.ts';

const esc = '\u001b';

describe('dashboard/rules/ansi', () => {
  it('splits a line at its colours', () => {
    expect(parseAnsi(`a ${esc}[31mred${esc}[0m b`)).toEqual([
      { text: 'a ' },
      { text: 'red', colour: 'red' },
      { text: ' b' },
    ]);
  });

  it('gathers weight, colour and ground, and takes each back by its own code', () => {
    expect(parseAnsi(`${esc}[1;4;92;44mx${esc}[22;49my${esc}[39;24mz`)).toEqual([
      { text: 'x', bold: true, underline: true, colour: 'bright-green', background: 'blue' },
      { text: 'y', underline: true, colour: 'bright-green' },
      { text: 'z' },
    ]);
  });

  it('brings 256 and true colours down to the named ones', () => {
    expect(parseAnsi(`${esc}[38;5;196mx`)).toEqual([{ text: 'x', colour: 'bright-red' }]);
    expect(parseAnsi(`${esc}[38;2;0;160;0;1mx`)).toEqual([{ text: 'x', colour: 'green', bold: true }]);
    expect(parseAnsi(`${esc}[48;5;3mx`)).toEqual([{ text: 'x', background: 'yellow' }]);
  });

  it('drops cursor moves, titles and links', () => {
    expect(plainText(`${esc}[2K${esc}[1Gdone${esc}]0;title\u0007${esc}]8;;http://a${esc}\\link${esc}(B`)).toBe(
      'donelink',
    );
  });

  it('starts anew at a carriage return', () => {
    expect(plainText('10 %\r50 %\r100 %\r')).toBe('100 %');
  });

  it('keeps markup as text', () => {
    expect(plainText('<script>alert(1)</script>')).toBe('<script>alert(1)</script>');
  });

  it('never lets a control character through, and agrees with the plain text', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(esc, `${esc}[`, 'm', '31', ';', '\r', '\u0007', `${esc}]`, '\u009b'),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const segments = parseAnsi(pieces.join(''));
        const text = segments.map((segment) => segment.text).join('');
        expect(text).not.toMatch(/[^\P{Cc}\t]/u);
        expect(text).toBe(plainText(pieces.join('')));
      }),
    );
  });
});
