import { memo } from 'react';
import { plainText } from '../rules/ansi.ts';
import { type Line, type LineBlock, type LineBuffer, lineCount } from '../rules/line-buffer.ts';
import { parseLogLine, tagOf } from '../rules/log-line.ts';
import { Output } from './output.tsx';
import { useFollow } from './use-follow.ts';

interface LogViewProps {
  readonly buffer: LineBuffer;
  readonly failure: string | undefined;
  /** Lower case; empty shows all lines. */
  readonly search: string;
}

export function LogView({ buffer, failure, search }: LogViewProps) {
  const { box, following, onScroll, toEnd } = useFollow();
  return (
    <div className="output-frame">
      <section ref={box} onScroll={onScroll} className="output log tall" aria-label="Log lines">
        {failure !== undefined && <p className="output-note">{failure}</p>}
        {lineCount(buffer) === 0 && failure === undefined && <p className="output-note">No lines yet.</p>}
        {buffer.dropped > 0 && <p className="output-note">Older lines: shipway logs -n 1500</p>}
        {buffer.blocks.map((block) => (
          <Block key={block.start} block={block} search={search} />
        ))}
      </section>
      {!following && (
        <button type="button" className="to-end small" onClick={toEnd}>
          Newest lines
        </button>
      )}
    </div>
  );
}

const Block = memo(function Block({ block, search }: { readonly block: LineBlock; readonly search: string }) {
  return block.lines
    .filter((line) => search === '' || plainText(line.text).toLowerCase().includes(search))
    .map((line) => <LogRow key={line.number} line={line} search={search} />);
});

const LogRow = memo(function LogRow({ line, search }: { readonly line: Line; readonly search: string }) {
  const { at, source, instance, text } = parseLogLine(line.text);
  return (
    <div className={source === 'heroku' ? 'line platform' : 'line'}>
      {at !== '' && (
        <>
          <time dateTime={at} title={at}>
            {clockTime(at)}
          </time>{' '}
          <span className={`tag tag-${tagOf(instance)}`}>{instance}</span>{' '}
        </>
      )}
      <Output text={text} search={search} />
    </div>
  );
});

/** Local time of day; the full stamp is the title. */
function clockTime(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false });
}
