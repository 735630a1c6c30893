import { memo, useMemo } from 'react';
import { useClient } from '../api/context.ts';
import { appPath } from '../api/queries.ts';
import { type Build, buildSchema } from '../api/schemas.ts';
import { type LineStream, useLines } from '../api/use-lines.ts';
import { isOver, isRunning } from '../rules/app-state.ts';
import { type LineBlock, lineCount } from '../rules/line-buffer.ts';
import { Output } from './output.tsx';
import { useFollow } from './use-follow.ts';

const keptLines = 5_000;

/** The lines of a build as they come. A running build is followed across breaks until it is over. */
export function BuildOutput({ app, build, tall = false }: { app: string; build: Build; tall?: boolean }) {
  const { buffer, failure } = useLines(useBuildStream(app, build.id));
  const { box, following, onScroll, toEnd } = useFollow();
  const waits = lineCount(buffer) === 0 && failure === undefined;
  return (
    <div className="output-frame">
      <section ref={box} onScroll={onScroll} className={tall ? 'output tall' : 'output'} aria-label="Build output">
        {failure !== undefined && <p className="output-note">{failure}</p>}
        {waits && <p className="output-note">{isRunning(build) ? 'Waiting for the first line.' : 'No output kept.'}</p>}
        {buffer.dropped > 0 && <p className="output-note">{buffer.dropped} earlier lines are not shown.</p>}
        {buffer.blocks.map((block) => (
          <Block key={block.start} block={block} />
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

/** A stream's URL is signed for a while only: each connection asks for a new one and goes on after the last line seen. */
function useBuildStream(app: string, id: string): LineStream {
  const client = useClient();
  return useMemo(() => {
    const read = async () => buildSchema.parse(await client.send({ path: appPath(app, 'builds', id) }));
    return {
      limit: keptLines,
      open: async function* (lastId, signal) {
        const build = await read();
        yield* client.events(build.output_stream_url, { lastId, signal });
      },
      isOver: async () => isOver(await read()),
    };
  }, [client, app, id]);
}

const Block = memo(function Block({ block }: { readonly block: LineBlock }) {
  return block.lines.map((line) => (
    <div key={line.number} className={lineClass(line.text)}>
      <Output text={line.text} />
    </div>
  ));
});

/** Push output has three kinds of lines: steps, their detail, and errors. */
function lineClass(text: string): string {
  if (text.startsWith('-----> ')) return 'line step';
  if (text.startsWith(' !')) return 'line bad';
  return 'line';
}
