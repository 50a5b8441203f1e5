import type { Ledger } from './ledger.ts';
import { pageOf, type Page } from './page.ts';
import type { Policy } from './policy.ts';
import type { Cause, Suspicion } from './suspicion.ts';
import { isLive, quorumOf, type RegionState, type Rule } from './verdict.ts';

/** One incident of a check. `open` until it has been clean for `clearAfterMs`, `recovered` until for `resolveAfterMs`. */
export type Incident = {
  seq: number;
  status: 'open' | 'recovered' | 'resolved';
  rule: Rule;
  ledger: Ledger;
  cause?: Cause | undefined;
  /** Start of the last run that passed before, epoch ms. */
  lastGoodAtMs?: number | undefined;
  /** Start of the first success since the last failure; absent while failing. */
  cleanSinceMs?: number | undefined;
  /** Successes per region since the last failure. */
  successes: Record<string, number>;
  recoveredAtMs?: number | undefined;
  resolvedAtMs?: number | undefined;
};

/** Successes per live region that recovery takes (DESIGN section 5, "Resolve"). */
const RECOVERY_SUCCESSES = 2;

/** The incident that a rule opens on a suspicion. */
export function openIncident(
  seq: number,
  rule: Rule,
  suspicion: Suspicion,
  lastGoodAtMs: number | undefined,
  nowMs: number,
): Incident {
  return {
    seq,
    status: 'open',
    rule,
    ledger: {
      ...(rule === 'unanimous' ? suspicion.streakLedger : suspicion.ledger),
      burstAskedMs: suspicion.ledger.burstAskedMs,
      decidedMs: nowMs,
    },
    cause: suspicion.cause,
    lastGoodAtMs,
    successes: {},
  };
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
  nowMs: number,
): Incident {
  const { cleanSinceMs } = incident;
  if (cleanSinceMs === undefined) return incident;
  const { clearAfterMs, resolveAfterMs } = policy.config.paging;
  const quorum = quorumOf(regions, policy.check, nowMs);
  const isProven =
    quorum.length > 0 && quorum.every((id) => (incident.successes[id] ?? 0) >= RECOVERY_SUCCESSES);
  const cleanMs = nowMs - cleanSinceMs;
  const isRecovered = incident.status === 'recovered' || (isProven && cleanMs >= clearAfterMs);
  if (!isRecovered) return incident;
  const isResolved = isProven && cleanMs >= resolveAfterMs;
  if (!isResolved && incident.status === 'recovered') return incident;
  return {
    ...incident,
    status: isResolved ? 'resolved' : 'recovered',
    recoveredAtMs: incident.recoveredAtMs ?? nowMs,
    ...(isResolved ? { resolvedAtMs: nowMs } : {}),
  };
}

/** When time alone may change the incident, epoch ms; `undefined` when only runs can. */
export function incidentWakeMs(policy: Policy, incident: Incident, nowMs: number): number | undefined {
  if (incident.cleanSinceMs === undefined) return undefined;
  const { clearAfterMs, resolveAfterMs } = policy.config.paging;
  const dueMs = incident.cleanSinceMs + (incident.status === 'open' ? clearAfterMs : resolveAfterMs);
  // Past due means that successes are missing: they come as events.
  return dueMs > nowMs ? dueMs : undefined;
}

/** The page that goes out for the incident at this moment. */
export function incidentPage(
  event: Page['event'],
  policy: Policy,
  regions: Record<string, RegionState>,
  incident: Incident,
  nowMs: number,
): Page {
  const subject = {
    seq: incident.seq,
    rule: incident.rule,
    sinceMs: incident.ledger.firstFailedStartMs,
    decidedAtMs: nowMs,
    // The service worked again from the first success, not from the moment we were sure.
    resolvedAtMs: incident.cleanSinceMs,
    failure: incident.cause?.failure,
    runId: incident.cause?.runId,
    screenshot: incident.cause?.screenshot ?? false,
    lastGoodAtMs: incident.lastGoodAtMs,
  };
  return pageOf(event, policy.config, policy.check, regions, subject, (region) =>
    isLive(region, policy.check, nowMs),
  );
}
