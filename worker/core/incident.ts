import { deployBefore, type DeployMark } from './deploy/telling/mark.ts';
import { FLAPPING_HOLDS } from './flapping.ts';
import type { Ledger } from './ledger.ts';
import { pageOf, type GroupedCheck, type Page } from './page.ts';
import type { Policy } from './policy.ts';
import { isCurrent, isLive, quorumOf, type RegionState } from './region.ts';
import type { Cause, Suspicion } from './suspicion.ts';
import type { Rule } from './verdict.ts';

/** One incident of a check. `open` until it has been clean for `clearAfterMs`, `recovered` until for `resolveAfterMs`. */
export type Incident = {
  seq: number;
  status: 'open' | 'recovered' | 'resolved';
  rule: Rule | 'latency' | 'break-glass';
  ledger: Ledger;
  cause?: Cause | undefined;
  /** Of `latency`: medians when it was opened, milliseconds. */
  latency?: { latestMs: number; normalMs: number; regions: string[] } | undefined;
  /** Start of the last run that passed before, epoch ms. */
  lastGoodAtMs?: number | undefined;
  /** Start of the first success since the last failure; absent while failing. */
  cleanSinceMs?: number | undefined;
  /** Successes per region since the last failure. */
  successes: Record<string, number>;
  recoveredAtMs?: number | undefined;
  resolvedAtMs?: number | undefined;
  /** The deploy that was soon before its first failure, and how long before. */
  deploy?: { deploy: DeployMark; afterMs: number } | undefined;
  /** A maintenance window holds its page. */
  held?: boolean | undefined;
  acknowledged?: { atMs: number; by: string; via: string } | undefined;
  /** Dedup key of the page that speaks for this incident too. */
  lead?: string | undefined;
  /** Incidents of other checks that this one's page speaks for and that are not over. */
  checks?: GroupedCheck[] | undefined;
};

/** Successes per live region that recovery takes (DESIGN section 5, "Resolve"). */
const RECOVERY_SUCCESSES = 2;

/** The incident that a rule opens on a suspicion. */
export function openIncident(
  seq: number,
  rule: Rule,
  suspicion: Suspicion,
  burstAskedMs: number | undefined,
  lastGoodAtMs: number | undefined,
  nowMs: number,
): Incident {
  return {
    seq,
    status: 'open',
    rule,
    ledger: {
      ...(rule === 'unanimous' ? suspicion.streakLedger : suspicion.ledger),
      ...(burstAskedMs === undefined ? {} : { burstAskedMs }),
      decidedMs: nowMs,
    },
    cause: suspicion.cause,
    lastGoodAtMs,
    successes: {},
  };
}

/** The incident with the deploy that was soon before its first failure; the very same object when there was none. */
export function withDeployBefore(incident: Incident, marks: readonly DeployMark[] = []): Incident {
  const deploy = deployBefore(marks, incident.ledger.firstFailedStartMs);
  return deploy ? { ...incident, deploy } : incident;
}

/** The incident after news of a deploy, which one of `marks` is: only the one it names, or should, is of interest to it. */
export function withDeployNews(incident: Incident, marks: readonly DeployMark[], news: DeployMark): Incident {
  const deploy = deployBefore(marks, incident.ledger.firstFailedStartMs);
  return incident.status !== 'resolved' && deploy?.deploy === news ? { ...incident, deploy } : incident;
}

/** The incident after a success in `region`. */
export function withSuccess(incident: Incident, region: string, startedAtMs: number): Incident {
  return {
    ...incident,
    cleanSinceMs: incident.cleanSinceMs ?? startedAtMs,
    successes: { ...incident.successes, [region]: (incident.successes[region] ?? 0) + 1 },
  };
}

/** The incident after a failure: inside the hold it is the same one, open again. */
export function withFailure(incident: Incident): Incident {
  return { ...incident, status: 'open', cleanSinceMs: undefined, recoveredAtMs: undefined, successes: {} };
}

/** The incident as it stands now: open, recovered, or resolved. The very same object when nothing has changed. */
export function settled(
  policy: Policy,
  regions: Record<string, RegionState>,
  incident: Incident,
  flapping: boolean,
  nowMs: number,
): Incident {
  const { cleanSinceMs } = incident;
  if (cleanSinceMs === undefined) return incident;
  const { clearAfterMs } = policy.config.paging;
  const quorum = quorumOf(regions, policy.check, nowMs);
  // What a region said before a silence says nothing of now.
  const isProvenIn = (id: string): boolean =>
    (incident.successes[id] ?? 0) >= RECOVERY_SUCCESSES &&
    regions[id] !== undefined &&
    isCurrent(regions[id], policy.check, nowMs);
  const isProven = incident.rule === 'latency' || (quorum.length > 0 && quorum.every(isProvenIn));
  const cleanMs = nowMs - cleanSinceMs;
  const isRecovered = incident.status === 'recovered' || (isProven && cleanMs >= clearAfterMs);
  if (!isRecovered) return incident;
  // A page that speaks for others is not over before they are.
  const isResolved =
    isProven && cleanMs >= resolveAfterMs(policy, flapping) && (incident.checks ?? []).length === 0;
  if (!isResolved && incident.status === 'recovered') return incident;
  return {
    ...incident,
    status: isResolved ? 'resolved' : 'recovered',
    recoveredAtMs: incident.recoveredAtMs ?? nowMs,
    ...(isResolved ? { resolvedAtMs: nowMs } : {}),
  };
}

/**
 * Whether the incident would be over, and only the others that its page speaks for keep that open: what fails now is
 * another one.
 */
export function isKeptByOthers(
  policy: Policy,
  { status, cleanSinceMs, checks = [] }: Incident,
  flapping: boolean,
  nowMs: number,
): boolean {
  if (status !== 'recovered' || cleanSinceMs === undefined || checks.length === 0) return false;
  return nowMs - cleanSinceMs >= resolveAfterMs(policy, flapping);
}

/** How long an incident must have been clean to be over; flapping makes it longer. */
export function resolveAfterMs(policy: Policy, flapping: boolean): number {
  return policy.config.paging.resolveAfterMs * (flapping ? FLAPPING_HOLDS : 1);
}

/** When time alone may change the incident, epoch ms; `undefined` when only runs can. */
export function incidentWakeMs(
  policy: Policy,
  incident: Incident,
  flapping: boolean,
  nowMs: number,
): number | undefined {
  if (incident.cleanSinceMs === undefined) return undefined;
  const { clearAfterMs } = policy.config.paging;
  const dueMs =
    incident.cleanSinceMs + (incident.status === 'open' ? clearAfterMs : resolveAfterMs(policy, flapping));
  // Past due means that successes are missing: they come as events.
  return dueMs > nowMs ? dueMs : undefined;
}

/** The page that goes out for the incident at this moment. */
export function incidentPage(
  event: Page['event'],
  policy: Policy,
  regions: Record<string, RegionState>,
  incident: Incident,
  flapping: boolean,
  nowMs: number,
): Page {
  const { cause, ledger, latency, checks, deploy } = incident;
  return pageOf(
    event,
    policy.config,
    policy.check,
    regions,
    (region) => isLive(region, policy.check, nowMs),
    {
      seq: incident.seq,
      reason: incident.rule,
      sinceMs: ledger.firstFailedStartMs,
      decidedAtMs: nowMs,
      // The service worked again from the first success, not from the moment we were sure.
      resolvedAtMs: event === 'resolve' ? incident.cleanSinceMs : undefined,
      failure: cause?.failure,
      runId: cause?.runId,
      screenshot: cause?.screenshot ?? false,
      lastGoodAtMs: incident.lastGoodAtMs,
      latency,
      deploy,
      checks,
      flapping,
    },
  );
}
