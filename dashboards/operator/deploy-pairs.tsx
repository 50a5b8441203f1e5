import type { Config } from '#core/config.ts';
import { runPath } from '#core/operator-path.ts';
import type { ToldPair, ToldVerification } from '#core/deploy/telling/told-deploy.ts';
import type { DeploySide } from '#core/run.ts';
import { formatMs } from '#core/units.ts';
import { titleOf } from './check-row.ts';
import { Mark, type MarkShape } from './mark.tsx';
import { clockText } from './time.tsx';
import { OUTCOME_WORDS } from './words.ts';

/** What one half of a pair is, or is not yet. */
type HalfState = 'pass' | 'fail' | 'invalid' | 'lost' | 'pending';

const HALF_WORDS: Record<HalfState, { word: string; mark: MarkShape }> = {
  ...OUTCOME_WORDS,
  lost: { word: 'lost', mark: 'blind' },
  pending: { word: 'under way', mark: 'waiting' },
};

/** The pairs of one journey, a row for each region, oldest left: the canary's run above the baseline's. */
export function PairsGrid(props: {
  config: Pick<Config, 'regions'>;
  verification: ToldVerification;
  check: string;
  nowMs: number;
}) {
  const { config, verification, check, nowMs } = props;
  const { paired } = verification;
  const pairs = verification.pairs.filter((pair) => pair.check === check);
  if (pairs.length === 0) return <p class="hush">No run has been asked for yet.</p>;
  const order = config.regions.map(({ id }) => id);
  const regions = [...new Set(pairs.map(({ region }) => region))].toSorted(
    (a, b) => order.indexOf(a) - order.indexOf(b),
  );
  return (
    <ul class="pair-rows">
      {regions.map((region) => (
        <li class="pair-row" data-key={region}>
          <p class="pair-region">{titleOf(config, region)}</p>
          <ol class="pairs">
            {pairs
              .filter((pair) => pair.region === region)
              .map((pair) => (
                <li class="pair" data-key={pair.pair}>
                  <HalfCell pair={pair} side="canary" paired={paired} nowMs={nowMs} />
                  {paired ? <HalfCell pair={pair} side="baseline" paired nowMs={nowMs} /> : null}
                </li>
              ))}
          </ol>
        </li>
      ))}
    </ul>
  );
}

function HalfCell(props: { pair: ToldPair; side: DeploySide; paired: boolean; nowMs: number }) {
  const { pair, side, paired, nowMs } = props;
  const half = pair[side];
  const state = halfState(pair, side);
  const { word, mark } = HALF_WORDS[state];
  const text = [
    `${paired ? `Pair ${pair.pair}, ${side}` : `Run ${pair.pair}`}: ${word}`,
    half?.failure,
    half && formatMs(half.durationMs),
    `asked at ${clockText(pair.askedAtMs, nowMs)}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
  if (!half)
    return (
      <span class={`half half-${state}`} role="img" aria-label={text} title={text}>
        <Mark shape={mark} />
      </span>
    );
  return (
    <a class={`half half-${state}`} href={runPath(half.runId, pair.check)} aria-label={text} title={text}>
      <Mark shape={mark} />
    </a>
  );
}

function halfState(pair: ToldPair, side: DeploySide): HalfState {
  const half = pair[side];
  if (half) return half.outcome;
  return pair.state === 'asked' || pair.state === 'running' ? 'pending' : 'lost';
}

/** What the signs in the grid mean, and how many there are of each. */
export function PairsLegend({ verification }: { verification: ToldVerification }) {
  const sides: DeploySide[] = verification.paired ? ['canary', 'baseline'] : ['canary'];
  const states = verification.pairs.flatMap((pair) => sides.map((side) => halfState(pair, side)));
  const shown = (['pass', 'fail', 'invalid', 'lost', 'pending'] as const).filter((state) =>
    states.includes(state),
  );
  if (shown.length === 0) return <></>;
  return (
    <ul class="pairs-legend">
      {shown.map((state) => (
        <li>
          <Mark shape={HALF_WORDS[state].mark} /> {states.filter((other) => other === state).length}{' '}
          {HALF_WORDS[state].word}
        </li>
      ))}
    </ul>
  );
}
