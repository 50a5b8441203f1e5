import { formatMs } from '#core/units.ts';
import { count } from './headline.ts';
import { STRIP_RUNS_MAX, type RunMark } from './standing.ts';

/** Units of the drawing: one run is a slot of 8 × 28. */
const SLOT = 8;
const BAR = 5;
const HEIGHT = 28;
/** A pass is as tall as it was long, up to here: only a failure reaches the top. */
const PASS_HEIGHT_MIN = 5;
const PASS_HEIGHT_MAX = 17;

/**
 * The last runs of a region, oldest left. A pass is a bar as tall as it was long, a failure a full bar under a cross,
 * an invalid run a hollow diamond, a late one a dashed outline: told apart without colour.
 */
export function RunStrip({ strip }: { strip: readonly RunMark[] }) {
  const longestMs = Math.max(
    1,
    ...strip.filter((run) => run.outcome === 'pass').map((run) => run.durationMs),
  );
  const offset = STRIP_RUNS_MAX - strip.length;
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${STRIP_RUNS_MAX * SLOT} ${HEIGHT}`}
      width={STRIP_RUNS_MAX * SLOT}
      height={HEIGHT}
      preserveAspectRatio="xMinYMax"
      role="img"
      aria-label={stripText(strip)}
    >
      <path class="strip-base" d={`M0 ${HEIGHT - 0.5}H${STRIP_RUNS_MAX * SLOT}`} />
      {strip.map((run, index) => (
        <RunShape run={run} x={(offset + index) * SLOT + 1.5} longestMs={longestMs} />
      ))}
    </svg>
  );
}

function RunShape({ run, x, longestMs }: { run: RunMark; x: number; longestMs: number }) {
  const middle = x + BAR / 2;
  if (run.outcome === 'invalid') return <path class="strip-invalid" d={`M${middle} 9l3.2 5-3.2 5-3.2-5z`} />;
  if (run.outcome === 'fail')
    return (
      <g class={run.late ? 'strip-fail strip-late' : 'strip-fail'}>
        <path class="cross" d={`M${x + 0.4} 1.6l4.2 4.2m0-4.2l-4.2 4.2`} />
        <rect x={x} y="9" width={BAR} height={HEIGHT - 9} />
      </g>
    );
  const share = Math.min(1, run.durationMs / longestMs);
  const height = Math.round(PASS_HEIGHT_MIN + share * (PASS_HEIGHT_MAX - PASS_HEIGHT_MIN));
  return (
    <rect
      class={run.late ? 'strip-pass strip-late' : 'strip-pass'}
      x={x}
      y={HEIGHT - height}
      width={BAR}
      height={height}
    />
  );
}

/** The same in words: `Last 20 runs: 17 passed, 3 failed. Newest: http 502.` */
export function stripText(strip: readonly RunMark[]): string {
  const newest = strip.at(-1);
  if (!newest) return 'No runs yet.';
  const parts = [
    [strip.filter((run) => run.outcome === 'pass').length, 'passed'],
    [strip.filter((run) => run.outcome === 'fail').length, 'failed'],
    [strip.filter((run) => run.outcome === 'invalid').length, 'invalid'],
    [strip.filter((run) => run.late).length, 'late'],
  ] as const;
  const told = parts.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(', ');
  return `Last ${count(strip.length, 'run')}: ${told}. Newest: ${newest.failure ?? 'passed'} in ${formatMs(newest.durationMs)}.`;
}
