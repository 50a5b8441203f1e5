import { ASSERTIONS, type AssertionId } from './dns/findings/finding.ts';
import type { Warned } from './dns/findings/warned.ts';
import { noticePage } from './notice.ts';
import type { Page } from './page.ts';
import type { Policy } from './policy.ts';
import { isLive, type RegionState } from './region.ts';
import { MS_PER_DAY, MS_PER_HOUR } from './units.ts';

/** By assertion: when a warning that has been told of was last seen, epoch ms, to the hour. */
export type ToldWarnings = Partial<Record<AssertionId, number>>;

/** Regions whose last runs must warn of the same: one alone may see something of its own way. */
const REGIONS_MIN = 2;
/** A warning that nobody has seen for a day is told again when it comes back. */
const FORGOTTEN_AFTER_MS = MS_PER_DAY;
/** Sentences of a notice; all of them are on the run's page. */
const SENTENCES_MAX = 2;

/** The notice of what a DNS check has begun to warn of, if anything, and what has been told with it. */
export function dueWarnings(
  policy: Policy,
  regions: Record<string, RegionState>,
  told: ToldWarnings | undefined,
  seq: number,
  nowMs: number,
): { told: ToldWarnings | undefined; notice?: Page } {
  const seen = warnedOf(policy, regions, nowMs);
  const fresh = [...seen.values()].filter(({ id }) => told?.[id] === undefined);
  const next = withSeen(told, [...seen.keys()], nowMs);
  const [first] = fresh;
  if (!first) return { told: next };
  const names = fresh.map(({ id }) => `${id} ${ASSERTIONS[id]}`).join(', ');
  const sentences = fresh.slice(0, SENTENCES_MAX).map(({ said }) => said);
  const key = `${policy.check.id}:dns-warning:${nowMs}`;
  const summary = `${policy.check.title} warns of ${names}. ${sentences.join(' ')}`;
  return {
    told: next,
    notice: noticePage(policy, regions, 'dns-warning', key, seq, nowMs, {
      sinceMs: nowMs,
      summary,
      severity: 'warning',
    }),
  };
}

/** What enough regions warn of by their last runs, in the words of one of them. */
function warnedOf(
  { check }: Policy,
  regions: Record<string, RegionState>,
  nowMs: number,
): Map<AssertionId, Warned> {
  const live = Object.values(regions).filter((region) => region.warned && isLive(region, check, nowMs));
  const all = live.flatMap(({ warned = [] }) => warned);
  const enough = Math.min(REGIONS_MIN, check.regions.length);
  return new Map(
    all
      .filter(({ id }) => all.filter((other) => other.id === id).length >= enough)
      .map((warned) => [warned.id, warned]),
  );
}

/** The same object when nothing has changed: a tick must not write. */
function withSeen(
  told: ToldWarnings | undefined,
  seen: readonly AssertionId[],
  nowMs: number,
): ToldWarnings | undefined {
  const isStale = (id: AssertionId): boolean => nowMs - (told?.[id] ?? 0) >= MS_PER_HOUR;
  const known = Object.entries(told ?? {});
  const kept = known.filter(([, seenMs]) => nowMs - seenMs < FORGOTTEN_AFTER_MS);
  const again = seen.filter(isStale);
  if (again.length === 0 && kept.length === known.length) return told;
  const next = { ...Object.fromEntries(kept), ...Object.fromEntries(again.map((id) => [id, nowMs])) };
  return Object.keys(next).length === 0 ? undefined : next;
}
