/** A run of text in one look. `colour` and `background` are names of CSS classes' ends: `red`, `bright-blue`. */
export interface AnsiSegment {
  readonly text: string;
  readonly colour?: string;
  readonly background?: string;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
}

type Look = Omit<AnsiSegment, 'text'>;

const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;

const esc = String.fromCharCode(0x1b);
const bell = String.fromCharCode(0x07);

/** ECMA-48: colours (captured), other CSI sequences, OSC strings ended by BEL or ST, other escapes, control characters but tab. */
const escapes = new RegExp(
  [
    `${esc}\\[([0-9;:]*)m`,
    `${esc}\\[[0-?]*[ -/]*[@-~]`,
    `${esc}\\][^${bell}${esc}]*(?:${bell}|${esc}\\\\)?`,
    `${esc}[ -/]*[0-~]?`,
    '(?!\\t)\\p{Cc}',
  ].join('|'),
  'gu',
);

/**
 * One line of output as runs of text. Anything that is not a colour or a weight is dropped, so that no escape reaches the page;
 * a carriage return starts the line anew, as progress bars mean it.
 */
export function parseAnsi(line: string): readonly AnsiSegment[] {
  const segments: AnsiSegment[] = [];
  let look: Look = {};
  let from = 0;
  const visible = afterLastReturn(line);
  const add = (text: string) => {
    if (text !== '') segments.push({ text, ...look });
  };
  for (const match of visible.matchAll(escapes)) {
    add(visible.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[1] !== undefined) look = applyCodes(look, match[1]);
  }
  add(visible.slice(from));
  return segments;
}

/** The text alone, for search and copy. */
export function plainText(line: string): string {
  return afterLastReturn(line).replaceAll(escapes, '');
}

function afterLastReturn(line: string): string {
  const trimmed = line.replace(/\r+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('\r') + 1);
}

/** Select Graphic Rendition (ECMA-48, 8.3.117). Unknown codes change nothing. */
function applyCodes(look: Look, parameters: string): Look {
  const codes = parameters.split(/[;:]/).map((part) => Number(part === '' ? 0 : part));
  let next = look;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const { colour, used } = readExtendedColour(codes.slice(at + 1));
      if (colour !== undefined) next = { ...next, [code === 38 ? 'colour' : 'background']: colour };
      at += used;
    } else {
      next = applyCode(next, code);
    }
  }
  return next;
}

function applyCode(look: Look, code: number): Look {
  if (code === 0) return {};
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code === 3) return { ...look, italic: true };
  if (code === 4) return { ...look, underline: true };
  if (code === 22) return without(look, 'bold', 'dim');
  if (code === 23) return without(look, 'italic');
  if (code === 24) return without(look, 'underline');
  if (code === 39) return without(look, 'colour');
  if (code === 49) return without(look, 'background');
  const name = colours[code % 10];
  if (name === undefined) return look;
  if (code >= 30 && code < 40) return { ...look, colour: name };
  if (code >= 40 && code < 50) return { ...look, background: name };
  if (code >= 90 && code < 100) return { ...look, colour: `bright-${name}` };
  if (code >= 100 && code < 110) return { ...look, background: `bright-${name}` };
  return look;
}

function without(look: Look, ...keys: readonly (keyof Look)[]): Look {
  return Object.fromEntries(Object.entries(look).filter(([key]) => !keys.some((gone) => gone === key)));
}

/** `5;n` and `2;r;g;b`, brought down to the 16 named colours: those are legible in both themes. */
function readExtendedColour(codes: readonly number[]): { colour: string | undefined; used: number } {
  if (codes[0] === 5) return { colour: ofPalette(codes[1] ?? 0), used: 2 };
  if (codes[0] === 2) return { colour: nearest(codes[1] ?? 0, codes[2] ?? 0, codes[3] ?? 0), used: 4 };
  return { colour: undefined, used: 0 };
}

function ofPalette(index: number): string | undefined {
  if (index < 8) return colours[index];
  if (index < 16) return `bright-${colours[index - 8]}`;
  if (index >= 232) return nearest(...repeat(8 + (index - 232) * 10));
  const cube = index - 16;
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  return nearest(level(Math.floor(cube / 36) % 6), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

const repeat = (grey: number): [number, number, number] => [grey, grey, grey];

/** Each channel is on when it is over half of the strongest; the brightness decides between the two rows of names. */
function nearest(red: number, green: number, blue: number): string | undefined {
  const strongest = Math.max(red, green, blue);
  if (strongest < 48) return 'black';
  const on = (channel: number) => (channel * 2 > strongest ? 1 : 0);
  const name = colours[on(red) + on(green) * 2 + on(blue) * 4];
  if (name === 'white') return strongest < 170 ? 'bright-black' : 'white';
  return strongest > 210 ? `bright-${name}` : name;
}
