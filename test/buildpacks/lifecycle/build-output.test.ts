import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine, createBuildOutput } from '../../../buildpacks/lifecycle/build-output.ts';

const esc = '\u001b';

function collect(limits?: { maxLineLength: number; maxCharacters: number }) {
  const lines: string[] = [];
  return { lines, output: createBuildOutput((line) => lines.push(line), limits) };
}

describe('buildpacks/lifecycle/build-output', () => {
  it('cuts bytes into indented lines, wherever the pieces end', () => {
    const { lines, output } = collect();
    for (const byte of Buffer.from('añb\r\n\nlast')) output.write(Buffer.from([byte]));
    output.flush();
    expect(lines).toEqual(['       añb', '', '       last']);
    expect(output.tail()).toEqual(['añb', '', 'last']);
  });

  it('shows what a progress bar drew last', () => {
    const { lines, output } = collect();
    output.write(Buffer.from('10 %\r50 %\r100 %\n'));
    expect(lines).toEqual(['       100 %']);
  });

  it.each([
    [`${esc}[31mred${esc}[0m`, `${esc}[31mred${esc}[0m${esc}[0m`],
    [`${esc}[2Ja${esc}[1;1Hb`, 'ab'],
    [`${esc}]0;title\u0007text`, 'text'],
    [`${esc}]52;c;YQ==${esc}\\text`, 'text'],
    ['a\u202eb\u0007c\td', 'abc    d'],
    ['\u009b31mx', '31mx'],
  ])('cleans %j', (text, expected) => {
    expect(cleanLine(text)).toBe(expected);
  });

  it('bounds a line and the whole', () => {
    const { lines, output } = collect({ maxLineLength: 5, maxCharacters: 20 });
    for (let count = 0; count < 10; count += 1) output.write(Buffer.from('123456789'));
    output.write(Buffer.from('\na\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n'));
    expect(lines[0]).toBe('       12345…');
    expect(lines.at(-1)).toContain('The output is longer than');
    expect(lines.length).toBeLessThan(12);
  });

  it('never lets a control character through, but colours', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(esc, `${esc}[`, `${esc}]`, '\u0007', '\r', '\n', '31m'),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const { lines, output } = collect();
        for (const text of pieces) output.write(Buffer.from(text));
        output.flush();
        const plain = lines.map((line) => line.replaceAll(new RegExp(`${esc}\\[[0-9;:]*m`, 'g'), ''));
        expect(plain.join('')).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
