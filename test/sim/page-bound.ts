import { deadlinesAt, deadlinesOf } from '#core/lateness.ts';
import { PAGING_DEFAULTS } from '#core/paging-settings.ts';
import { PAGE_WITHIN_MS } from './oracles.ts';
import { endsMs, type Fault, type Outage, type Scenario } from './scenario.ts';

/** A failure that comes at once, with its control target's answer. */
const FAST_FAIL_MS = 1_700;
/** Rule 1's streak by live regions, and rule 3's row. */
const STREAK_OF = [3, 3, 4, 4, 5, 6] as const;
const REGIONAL_ROW = 5;
const REGIONAL_ROW_OF_THREE = 3;
/** First attempt by its deadline, a pause, a second one; or the fallback after 8 s and its answer. */
const PAGER_TROUBLE_MS = 11_500;
/** A hub that has died is found by the next call, and what was under way then by the end of its lease. */
const AFTER_DEATH_MS = 30_000;
/** A burst asks again after this, and waits as long for an answer that does not come. */
const ASK_AGAIN_MS = 7_000;
/** Calls between objects, timers' grain. */
const GRAIN_MS = 500;

/**
 * Within what time of its onset an outage must be paged, term by term as in DESIGN section 5, milliseconds:
 * `(m+1)·T/R + detection + rounds of confirmation + paging [+ failover]`, never more than 120 s. Tight, so that whatever
 * makes a page later is noticed long before two minutes are over. `dead`: regions that give no result.
 */
export function pageBoundMs(
  scenario: Pick<
    Scenario,
    'regions' | 'intervalMs' | 'timeoutMs' | 'passMs' | 'learnt' | 'linkMs' | 'pagerMs'
  >,
  outage: Outage,
  dead: number,
  faults: readonly Fault[],
): number {
  const { regions, intervalMs, timeoutMs, passMs, learnt, linkMs, pagerMs } = scenario;
  const live = regions.length - dead;
  const hit = outage.regions.length;
  const { lateness, burstGapMs } = PAGING_DEFAULTS;
  const { softMs, confirmMs } = learnt
    ? deadlinesAt(lateness, timeoutMs, passMs[1])
    : deadlinesOf(lateness, timeoutMs, []);
  const isHang = outage.how === 'hang';
  const startMs = ((regions.length - hit + 1) * intervalMs) / regions.length;
  const detectedMs = (isHang ? softMs : FAST_FAIL_MS) + linkMs[1];
  const needed = STREAK_OF[live] ?? live + 1;
  const isRegional = hit < live;
  const rounds = isRegional ? (hit >= 3 ? REGIONAL_ROW_OF_THREE : REGIONAL_ROW) : Math.ceil(needed / live);
  const runMs = isHang ? confirmMs : FAST_FAIL_MS;
  // What runs already when the burst asks ends first: a pass that began before the outage.
  const roundsMs = passMs[1] + rounds * (runMs + burstGapMs + 2 * linkMs[1] + GRAIN_MS);
  const pagerFault = faults.some(({ kind }) => kind === 'pager');
  const pagedMs = 2 * pagerMs[1] + (pagerFault ? PAGER_TROUBLE_MS : 0);
  const deathsMs = faults.flatMap((fault) => ('downMs' in fault ? [fault.downMs + AFTER_DEATH_MS] : []));
  const asked = faults
    .filter(({ kind }) => kind === 'burst-lost')
    .map((fault) => endsMs(fault) - outage.fromMs);
  const askedMs = Math.max(0, ...asked.map((ms) => ms + ASK_AGAIN_MS));
  const confirmedMs = Math.max(startMs + detectedMs, Math.min(askedMs, startMs + intervalMs)) + roundsMs;
  const boundMs = confirmedMs + pagedMs + Math.max(0, ...deathsMs) + GRAIN_MS;
  return Math.round(Math.min(PAGE_WITHIN_MS, boundMs));
}
