/** Heroku's form: headings with an arrow, everything else indented below. */
export interface BuildOutput {
  heading(text: string): void;
  detail(text: string): void;
  /** Raw bytes of a command, as they come. */
  write(bytes: Uint8Array): void;
  /** The end of a command's output: a last line without its line end. */
  flush(): void;
  /** The last lines that commands wrote, for finding out why one failed. */
  tail(): readonly string[];
}

const indent = ' '.repeat(7);
const tailLines = 200;
const defaults = { maxLineLength: 4000, maxCharacters: 10 * 2 ** 20 };

/** Cuts a command's output into lines that are safe to show: bounded in length and in all, without terminal tricks. */
export function createBuildOutput(
  line: (text: string) => void,
  limits: { readonly maxLineLength: number; readonly maxCharacters: number } = defaults,
): BuildOutput {
  const decoder = new TextDecoder();
  const last: string[] = [];
  let pending = '';
  let written = 0;

  function endLine(): void {
    const text = cleanLine(pending.slice(0, limits.maxLineLength)) + (pending.length > limits.maxLineLength ? '…' : '');
    pending = '';
    last.push(text);
    if (last.length > tailLines) last.shift();
    if (written > limits.maxCharacters) return;
    written += text.length + 1;
    line(text === '' ? '' : indent + text);
    if (written > limits.maxCharacters) {
      line(`${indent}The output is longer than ${limits.maxCharacters >> 20} MiB: the rest is not shown`);
    }
  }

  function add(text: string): void {
    const [first = '', ...rest] = text.split('\n');
    append(first);
    for (const piece of rest) {
      endLine();
      append(piece);
    }
  }

  function append(piece: string): void {
    // A progress bar draws over itself with carriage returns: what it drew last is what counts. One more character than shown marks the cut.
    const redrawn = piece.replace(/\r+$/, '');
    const start = redrawn.lastIndexOf('\r') + 1;
    pending = ((start > 0 ? '' : pending) + redrawn.slice(start)).slice(0, limits.maxLineLength + 1);
  }

  return {
    heading: (text) => line(`-----> ${cleanLine(text)}`),
    detail: (text) => line(indent + cleanLine(text)),
    write: (bytes) => add(decoder.decode(bytes, { stream: true })),
    flush: () => {
      add(decoder.decode());
      if (pending !== '') endLine();
    },
    tail: () => last,
  };
}

const escapeCharacter = String.fromCharCode(27);
const bell = String.fromCharCode(7);
const colour = /^\[[0-9;:]*m/;
const controlSequence = /^\[[0-?]*[ -/]*[@-~]?/;

/** Keeps colours (ECMA-48 SGR) and drops every other control: cursor moves, titles, clipboard writes, bidi overrides. */
export function cleanLine(text: string): string {
  if (!/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(text)) return text;
  const [first = '', ...sequences] = text.split(escapeCharacter);
  let coloured = false;
  const cleaned = sequences.map((sequence) => {
    const kept = colour.exec(sequence)?.[0];
    if (kept === undefined) return withoutControls(afterSequence(sequence));
    coloured = true;
    return escapeCharacter + kept + withoutControls(sequence.slice(kept.length));
  });
  return withoutControls(first) + cleaned.join('') + (coloured ? `${escapeCharacter}[0m` : '');
}

/** What follows an escape sequence that is dropped. OSC, DCS, SOS, PM and APC carry text up to BEL or the next escape. */
function afterSequence(sequence: string): string {
  if (sequence.startsWith('[')) return sequence.replace(controlSequence, '');
  if (!/^[\]PX^_]/.test(sequence)) return sequence.slice(1);
  const end = sequence.indexOf(bell);
  return end === -1 ? '' : sequence.slice(end + 1);
}

function withoutControls(text: string): string {
  return text.replaceAll('\t', '    ').replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '');
}
