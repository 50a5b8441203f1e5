import type { Check, Config } from '#core/config.ts';
import { failureLabel } from '#core/failure.ts';
import { FLAPPING_HOLDS } from '#core/flapping.ts';
import type { Incident } from '#core/incident.ts';
import type { Delivery } from '#core/delivery.ts';
import { ledgerView, type LedgerView } from './ledger.ts';

/** A message to one channel: where it stands. */
export type DeliveryView = {
  id: string;
  channel: string;
  event: Delivery['event'];
  role: Delivery['role'];
  state: Delivery['state'];
  attempts: number;
  /** When the next attempt is due, epoch ms; only while pending. */
  dueAtMs: number | undefined;
  acceptedAtMs: number | undefined;
  providerId: string | undefined;
  lastError: string | undefined;
  /** Of a notice or a change: what it says. */
  summary: string | undefined;
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
  /** Who has it. Absent while nobody has said so. */
  acknowledged: { atMs: number; by: string; via: string } | undefined;
  /** While nobody has it: when others are woken. */
  escalatesAtMs: number | undefined;
  /** Of `latency`: medians when it was opened, milliseconds. */
  latency: { latestMs: number; normalMs: number; regions: string[] } | undefined;
  /** The deploy soon before its first failure, and how long before. */
  deploy: Incident['deploy'];
  /** The check has changed its mind often of late. */
  flapping: boolean;
  /** The page that speaks for this one, by its incident; and the incidents that this one's page speaks for. */
  lead: { check: string; seq: number } | undefined;
  checks: { check: string; title: string; seq: number }[];
  ledger: LedgerView;
  deliveries: DeliveryView[];
};

/** What an incident's view is made of. */
export type IncidentSubject = {
  check: Check;
  paging: Config['paging'];
  incident: Incident;
  deliveries: readonly Delivery[];
  /** Whether the check flaps now. */
  flapping: boolean;
  nowMs: number;
};

/** One incident with the deliveries of its pages. Pure. */
export function incidentView(subject: IncidentSubject): IncidentView {
  const { check, incident, flapping, nowMs } = subject;
  const { cause, ledger } = incident;
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
    // A probe that paged by itself names no run.
    runId: cause?.runId === '' ? undefined : cause?.runId,
    causeRegion: cause?.region,
    screenshot: cause?.screenshot ?? false,
    lastGoodAtMs: incident.lastGoodAtMs,
    cleanSinceMs: incident.cleanSinceMs,
    resolvesAtMs: resolvesAtMs(subject),
    resolvedAtMs: incident.resolvedAtMs,
    acknowledged: incident.acknowledged,
    escalatesAtMs: escalatesAtMs(subject),
    latency: incident.latency,
    deploy: incident.deploy,
    flapping: flapping && incident.status !== 'resolved',
    lead: leadOf(incident.lead),
    checks: (incident.checks ?? []).map(({ check, title, seq }) => ({ check, title, seq })),
    ledger: ledgerView(incident, nowMs),
    deliveries: subject.deliveries
      .filter((delivery) => delivery.seq === incident.seq && isOf(delivery))
      .map(deliveryView),
  };
}

/** Notices of a check carry the `seq` of its latest incident, and are not about it; a broken channel's is. */
function isOf({ event, page }: Delivery): boolean {
  return (event !== 'notice' && event !== 'change') || page.reason === 'channel-broken';
}

function resolvesAtMs({ incident, paging, flapping }: IncidentSubject): number | undefined {
  const { status, cleanSinceMs } = incident;
  if (status !== 'recovered' || cleanSinceMs === undefined) return undefined;
  return cleanSinceMs + paging.resolveAfterMs * (flapping ? FLAPPING_HOLDS : 1);
}

function escalatesAtMs({ incident, paging, deliveries }: IncidentSubject): number | undefined {
  if (incident.acknowledged || incident.status === 'resolved') return undefined;
  return escalationDueMs(paging, deliveries, incident.seq);
}

/** While nobody has it: when others are woken, as the outbox reckons, from the first message about it on. */
export function escalationDueMs(
  paging: Config['paging'],
  deliveries: readonly Delivery[],
  seq: number,
): number | undefined {
  if (paging.escalation.length === 0) return undefined;
  const triggers = deliveries.filter((delivery) => delivery.seq === seq && delivery.event === 'trigger');
  const [first] = triggers;
  if (!first || triggers.some(({ role }) => role === 'escalation')) return undefined;
  return first.createdAtMs + paging.escalateAfterMs;
}

function leadOf(key: string | undefined): IncidentView['lead'] {
  const [, check, seq] = /^(.+):(\d+)$/.exec(key ?? '') ?? [];
  return check === undefined ? undefined : { check, seq: Number(seq) };
}

/** A message to one channel as people see it. */
export function deliveryView(delivery: Delivery): DeliveryView {
  return {
    id: delivery.id,
    channel: delivery.channel,
    event: delivery.event,
    role: delivery.role,
    state: delivery.state,
    attempts: delivery.attempts,
    dueAtMs: delivery.state === 'pending' ? delivery.dueAtMs : undefined,
    acceptedAtMs: delivery.acceptedAtMs,
    providerId: delivery.providerId,
    lastError: delivery.lastError,
    summary: delivery.event === 'notice' || delivery.event === 'change' ? delivery.page.summary : undefined,
  };
}
