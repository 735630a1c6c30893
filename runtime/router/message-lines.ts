/** A table of thousands of apps is one line. */
const maxLineLength = 64 * 2 ** 20;

/**
 * Cuts a stream into lines. @returns what is fed with chunks of text and answers the lines that they complete.
 * @throws Error (from what it returns) when a line is longer than any message is.
 */
export function createLineSplitter(): (text: string) => readonly string[] {
  let parts: string[] = [];
  let length = 0;
  return (text) => {
    const pieces = text.split('\n');
    const last = pieces.pop() ?? '';
    const [first, ...others] = pieces;
    const lines = first === undefined ? [] : [parts.join('') + first, ...others];
    if (first !== undefined) {
      parts = [];
      length = 0;
    }
    parts.push(last);
    length += last.length;
    if (length > maxLineLength) throw new Error('Cannot read the control channel: a line is longer than 64 MB.');
    return lines;
  };
}
