import { failureLabel } from './failure.ts';
import { pageOf, type Page, type Reason } from './page.ts';
import type { Policy } from './policy.ts';
import { isFailing, isKnownBad, isLive, quorumOf, RECENT_KEPT, type RegionState } from './region.ts';
import { earliest, formatMs, MS_PER_MINUTE } from './units.ts';
import type { Verdict } from './verdict.ts';

/** One region alone is told of after this (DESIGN section 5, rule 3), and a probe that measures nothing likewise. */
export const NOTICE_AFTER_MS = 5 * MS_PER_MINUTE;
/** Runs of no use among the last twenty-one that are too many even if they are not in a row: a quarter. */
const INVALID_BUDGET = 5;

type Noticed = { regions: Record<string, RegionState>; notices: Page[] };

/**
 * The notices that have become due, and the regions with them noted: a region that fails alone, and one whose runs say
 * nothing. Each is told once until it is over.
 */
export function dueNotices(
  policy: Policy,
  regions: Record<string, RegionState>,
  hasIncident: boolean,
  seq: number,
  nowMs: number,
): Noticed {
  const noticed: Noticed = { regions, notices: [] };
  for (const id of Object.keys(regions)) {
    const region = regions[id];
    if (!region) continue;
    const title = policy.config.regions.find((known) => known.id === id)?.title ?? id;
    const aloneSinceMs = failsAloneSinceMs(policy, regions, id, hasIncident, nowMs);
    if (aloneSinceMs !== undefined && aloneSinceMs + NOTICE_AFTER_MS <= nowMs) {
      const failure = region.vote?.failure;
      const what = failure ? ` — ${failureLabel(failure)}` : '';
      const lasts = formatMs(nowMs - aloneSinceMs);
      tell(noticed, policy, id, 'one-region', seq, nowMs, {
        sinceMs: aloneSinceMs,
        summary: `${policy.check.title} has failed in ${title} alone for ${lasts}${what}`,
      });
    }
    if (!region.told.includes('invalid') && (invalidAtMs(region) ?? Infinity) <= nowMs)
      tell(noticed, policy, id, 'invalid', seq, nowMs, {
        sinceMs: region.invalid?.sinceMs ?? nowMs,
        summary: `${policy.check.title} is not measured in ${title}: ${region.invalid?.why ?? 'too many runs are of no use'}`,
      });
  }
  return noticed;
}

/** When a notice becomes due by time alone, epoch ms. */
export function noticeWakeMs(
  policy: Policy,
  regions: Record<string, RegionState>,
  hasIncident: boolean,
  nowMs: number,
): number | undefined {
  const times = Object.entries(regions).flatMap(([id, region]) => {
    const aloneSinceMs = failsAloneSinceMs(policy, regions, id, hasIncident, nowMs);
    return [
      aloneSinceMs === undefined ? undefined : aloneSinceMs + NOTICE_AFTER_MS,
      region.told.includes('invalid') ? undefined : invalidAtMs(region),
    ];
  });
  return earliest(...times.filter((time) => time !== undefined && time > nowMs));
}

/** The notice at the end of a maintenance window: what the check's votes say then. */
export function maintenanceNotice(
  policy: Policy,
  regions: Record<string, RegionState>,
  window: { title: string; untilMs: number },
  verdict: Verdict,
  seq: number,
  nowMs: number,
): Page {
  return noticePage(
    policy,
    regions,
    'maintenance',
    `${policy.check.id}:maintenance:${window.untilMs}`,
    seq,
    nowMs,
    {
      sinceMs: window.untilMs,
      summary: `Maintenance “${window.title}” is over: ${policy.check.title} is ${verdict}`,
      severity: verdict === 'up' ? 'info' : 'warning',
    },
  );
}

function tell(
  noticed: Noticed,
  policy: Policy,
  id: string,
  reason: 'one-region' | 'invalid',
  seq: number,
  nowMs: number,
  said: { sinceMs: number; summary: string },
): void {
  const region = noticed.regions[id];
  if (!region) return;
  noticed.regions = { ...noticed.regions, [id]: { ...region, told: [...region.told, reason] } };
  const key = `${policy.check.id}:${reason}:${id}:${said.sinceMs}`;
  noticed.notices.push(
    noticePage(policy, noticed.regions, reason, key, seq, nowMs, { ...said, severity: 'warning' }),
  );
}

/** A notice of a check: it wakes nobody. `key` is what makes it another one than the last. */
export function noticePage(
  policy: Policy,
  regions: Record<string, RegionState>,
  reason: Reason,
  key: string,
  seq: number,
  nowMs: number,
  said: { sinceMs: number; summary: string; severity: Page['severity'] },
): Page {
  return pageOf(
    'notice',
    policy.config,
    policy.check,
    regions,
    (region) => isLive(region, policy.check, nowMs),
    {
      seq,
      reason,
      notice: { key, summary: said.summary, severity: said.severity },
      sinceMs: said.sinceMs,
      decidedAtMs: nowMs,
      screenshot: false,
      flapping: false,
    },
  );
}

/**
 * Since when a region that is not told of yet has been failing alone. Without an incident it is alone by that. In one, it
 * is once all others pass, from the last of their failures on: one bad region is no reason to hold an incident open, in
 * which the next outage would page nobody.
 */
function failsAloneSinceMs(
  policy: Policy,
  regions: Record<string, RegionState>,
  id: string,
  hasIncident: boolean,
  nowMs: number,
): number | undefined {
  const region = regions[id];
  if (!region || isKnownBad(region) || !isFailing(region, policy.check, nowMs)) return undefined;
  const { failingSinceMs } = region;
  if (!hasIncident || failingSinceMs === undefined) return failingSinceMs;
  const others = quorumOf(regions, policy.check, nowMs).flatMap((other) =>
    other === id ? [] : (regions[other] ?? []),
  );
  if (others.length === 0 || others.some(({ vote }) => vote?.outcome !== 'pass')) return undefined;
  return Math.max(failingSinceMs, ...others.map(({ lastFailedAtMs = 0 }) => lastFailedAtMs));
}

function invalidAtMs(region: RegionState): number | undefined {
  const invalid = region.recent.split('i').length - 1;
  if (region.invalid && region.recent.length >= RECENT_KEPT && invalid >= INVALID_BUDGET)
    return region.invalid.sinceMs;
  return region.invalid && region.invalid.sinceMs + NOTICE_AFTER_MS;
}
