import type { Check, Config } from '#core/config.ts';
import { failureLabel } from '#core/failure.ts';
import type { Incident } from '#core/incident.ts';
import type { Delivery } from '#core/outbox.ts';
import { ledgerView, type LedgerView } from './ledger.ts';

/** A message to one channel: where it stands. */
export type DeliveryView = {
  channel: string;
  event: Delivery['event'];
  state: Delivery['state'];
  attempts: number;
  /** When the next attempt is due, epoch ms; only while pending. */
  dueAtMs: number | undefined;
  acceptedAtMs: number | undefined;
  providerId: string | undefined;
  lastError: string | undefined;
};

/** An incident as people see it. Times epoch ms. */
export type IncidentView = {
  check: string;
  title: string;
  seq: number;
  status: Incident['status'];
  severity: Check['severity'];
  owner: string;
  runbook: string | undefined;
  rule: Incident['rule'];
  sinceMs: number;
  ageMs: number;
  /** Label of the failure, the step, where and how: of the first cause. */
  errorClass: string | undefined;
  step: string | undefined;
  url: string | undefined;
  message: string | undefined;
  /** The failed run it came from, its region, and whether it left a screenshot. */
  runId: string | undefined;
  causeRegion: string | undefined;
  screenshot: boolean;
  lastGoodAtMs: number | undefined;
  cleanSinceMs: number | undefined;
  /** While recovered: when it resolves if no failure comes. */
  resolvesAtMs: number | undefined;
  resolvedAtMs: number | undefined;
  ledger: LedgerView;
  deliveries: DeliveryView[];
};

/** One incident with the deliveries of its pages. Pure. */
export function incidentView(
  check: Check,
  paging: Config['paging'],
  incident: Incident,
  deliveries: readonly Delivery[],
  nowMs: number,
): IncidentView {
  const { cause, ledger } = incident;
  const { cleanSinceMs } = incident;
  return {
    check: check.id,
    title: check.title,
    seq: incident.seq,
    status: incident.status,
    severity: check.severity,
    owner: check.owner,
    runbook: check.runbook,
    rule: incident.rule,
    sinceMs: ledger.firstFailedStartMs,
    ageMs: Math.max(0, nowMs - ledger.firstFailedStartMs),
    errorClass: cause && failureLabel(cause.failure),
    step: cause?.failure.step,
    url: cause?.failure.owner === 'target' ? cause.failure.url : undefined,
    message: cause?.failure.message,
    runId: cause?.runId,
    causeRegion: cause?.region,
    screenshot: cause?.screenshot ?? false,
    lastGoodAtMs: incident.lastGoodAtMs,
    cleanSinceMs,
    resolvesAtMs:
      incident.status === 'recovered' && cleanSinceMs !== undefined
        ? cleanSinceMs + paging.resolveAfterMs
        : undefined,
    resolvedAtMs: incident.resolvedAtMs,
    ledger: ledgerView(incident, nowMs),
    deliveries: deliveries.filter((delivery) => delivery.seq === incident.seq).map(deliveryView),
  };
}

function deliveryView(delivery: Delivery): DeliveryView {
  return {
    channel: delivery.channel,
    event: delivery.event,
    state: delivery.state,
    attempts: delivery.attempts,
    dueAtMs: delivery.state === 'pending' ? delivery.dueAtMs : undefined,
    acceptedAtMs: delivery.acceptedAtMs,
    providerId: delivery.providerId,
    lastError: delivery.lastError,
  };
}
