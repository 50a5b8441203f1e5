import type { DeployMark } from '#core/deploy/telling/mark.ts';
import { formatMs } from '#core/units.ts';
import { runPath } from '#core/operator-path.ts';
import { Mark } from './mark.tsx';
import { RunStrip } from './run-strip.tsx';
import type { Cell } from './standing.ts';
import { Elapsed } from './time.tsx';
import { STANDING_WORDS, TOLD_WORDS } from './words.ts';

/** How one region stands: sign and word, why, the last runs, and when the last one was. */
export function CellView(props: {
  check: string;
  cell: Cell;
  deploys: readonly DeployMark[];
  nowMs: number;
}) {
  const { check, cell, deploys, nowMs } = props;
  const { lastRun } = cell;
  return (
    <div class={`cell standing-${cell.standing}`}>
      <p class="cell-word">
        <StandingWord cell={cell} />
        {cell.votes && lastRun ? <span class="cell-took">{formatMs(lastRun.durationMs)}</span> : null}
      </p>
      <RunStrip strip={cell.strip} deploys={deploys} />
      <p class="cell-when">
        {lastRun ? (
          <a href={runPath(lastRun.runId, check)}>
            <Elapsed sinceMs={lastRun.startedAtMs} nowMs={nowMs} /> ago
          </a>
        ) : (
          'no run yet'
        )}
        {cell.standing === 'fail' && cell.failuresInRow > 1 ? ` · ${cell.failuresInRow} in a row` : null}
      </p>
      {cell.overdueSinceMs === undefined ? null : (
        <p class="cell-when sign-warning">
          a run is overdue, <Elapsed sinceMs={cell.overdueSinceMs} nowMs={nowMs} />
        </p>
      )}
      {cell.told.map((notice) => (
        <p class="cell-when">{TOLD_WORDS[notice]}</p>
      ))}
    </div>
  );
}

/** The sign and the word for a region's standing; a failure is named by its class. */
export function StandingWord({ cell }: { cell: Cell }) {
  const { word, mark } = STANDING_WORDS[cell.standing];
  const text =
    cell.failure === undefined ? word : cell.standing === 'fail' ? cell.failure : `${word}: ${cell.failure}`;
  return (
    <span class={`sign sign-${mark}`}>
      <Mark shape={mark} /> {text}
    </span>
  );
}
