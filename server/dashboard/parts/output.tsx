import { Fragment, memo, type ReactNode } from 'react';
import { type AnsiSegment, parseAnsi } from '../rules/ansi.ts';

/** Text of a program, with its colours; `search` is marked where it occurs. */
export const Output = memo(function Output({ text, search = '' }: { readonly text: string; readonly search?: string }) {
  let from = 0;
  return parseAnsi(text).map((segment) => {
    const key = from;
    from += segment.text.length;
    const look = classesOf(segment);
    return look === '' ? (
      <Fragment key={key}>{mark(segment.text, search)}</Fragment>
    ) : (
      <span key={key} className={look}>
        {mark(segment.text, search)}
      </span>
    );
  });
});

function classesOf({ colour, background, bold, dim, italic, underline }: AnsiSegment): string {
  return [
    colour && `ansi-${colour}`,
    background && `ansi-on-${background}`,
    bold && 'ansi-bold',
    dim && 'ansi-dim',
    italic && 'ansi-italic',
    underline && 'ansi-underline',
  ]
    .filter(Boolean)
    .join(' ');
}

function mark(text: string, search: string): ReactNode {
  if (search === '') return text;
  const parts: { from: number; text: string; found: boolean }[] = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(search); at >= 0; at = lower.indexOf(search, from)) {
    parts.push({ from, text: text.slice(from, at), found: false });
    parts.push({ from: at, text: text.slice(at, at + search.length), found: true });
    from = at + search.length;
  }
  parts.push({ from, text: text.slice(from), found: false });
  return parts
    .filter((part) => part.text !== '')
    .map((part) => (part.found ? <mark key={part.from}>{part.text}</mark> : part.text));
}
