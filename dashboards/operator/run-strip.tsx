import type { DeployMark } from '#core/deploy/telling/mark.ts';
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
 * an invalid run a hollow diamond, a late one a dashed outline: told apart without colour. A deploy is a line between the
 * runs before it and those after it.
 */
export function RunStrip(props: { strip: readonly RunMark[]; deploys: readonly DeployMark[] }) {
  const { strip, deploys } = props;
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
      aria-label={stripText(strip, deploys)}
    >
      <path class="strip-base" d={`M0 ${HEIGHT - 0.5}H${STRIP_RUNS_MAX * SLOT}`} />
      {strip.map((run, index) => (
        <RunShape run={run} x={(offset + index) * SLOT + 1.5} longestMs={longestMs} />
      ))}
      {placedDeploys(strip, deploys).map(({ after }) => (
        <DeployShape x={Math.min((offset + after) * SLOT, STRIP_RUNS_MAX * SLOT - 3)} />
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

/** The flag of a deploy, as in the strip and its legend. */
export function DeployShape({ x }: { x: number }) {
  return (
    <g class="strip-deploy">
      <path class="pole" d={`M${x} 1V${HEIGHT}`} />
      <path class="flag" d={`M${x - 3} 0h6l-3 5z`} />
    </g>
  );
}

/** Where deploys lie in the strip: `after` so many of its runs. One from before the first run is not in it. */
function placedDeploys(
  strip: readonly RunMark[],
  deploys: readonly DeployMark[],
): { deploy: DeployMark; after: number }[] {
  return deploys
    .map((deploy) => ({
      deploy,
      after: strip.filter(({ startedAtMs }) => startedAtMs < deploy.atMs).length,
    }))
    .filter(({ after }) => after > 0);
}

/** The same in words: `Last 20 runs: 17 passed, 3 failed. Newest: http 502.`, and which deploys lie between them. */
export function stripText(strip: readonly RunMark[], deploys: readonly DeployMark[] = []): string {
  const newest = strip.at(-1);
  if (!newest) return 'No runs yet.';
  const placed = placedDeploys(strip, deploys)
    .map(({ deploy, after }) => deployText(deploy, strip.length - after))
    .join('');
  const parts = [
    [strip.filter((run) => run.outcome === 'pass').length, 'passed'],
    [strip.filter((run) => run.outcome === 'fail').length, 'failed'],
    [strip.filter((run) => run.outcome === 'invalid').length, 'invalid'],
    [strip.filter((run) => run.late).length, 'late'],
  ] as const;
  const told = parts.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(', ');
  return `Last ${count(strip.length, 'run')}: ${told}. Newest: ${newest.failure ?? 'passed'} in ${formatMs(newest.durationMs)}.${placed}`;
}

function deployText({ title, version }: DeployMark, runsSince: number): string {
  return ` ${title} ${version} was deployed ${runsSince === 0 ? 'after them' : `before the last ${runsSince === 1 ? 'run' : `${runsSince} runs`}`}.`;
}
