/**
 * When an incident passed each leg of its way to the pager; the hub's clock, epoch ms.
 * `firstFailedStart` → `overdue` → `runEnd` → `received` → `burstAsked` → `decided` → `sent` → `accepted` → `acknowledged`.
 */
export type Ledger = {
  firstFailedStartMs: number;
  /** The hub heard that the first run was overdue, before its end. */
  overdueMs?: number | undefined;
  runEndMs: number;
  receivedMs: number;
  burstAskedMs?: number | undefined;
  decidedMs?: number | undefined;
  /** A maintenance window held the page until then: its time-to-page counts for nothing. */
  heldUntilMs?: number | undefined;
  sentMs?: number | undefined;
  acceptedMs?: number | undefined;
  /** The channel that accepted first, and its provider's id. */
  acceptedBy?: string | undefined;
  providerId?: string | undefined;
  acknowledgedMs?: number | undefined;
  acknowledgedBy?: string | undefined;
};

/** The legs between two stamps, in order. */
export const LEGS = [
  ['firstFailedStartMs', 'runEndMs', 'first failed run'],
  ['runEndMs', 'receivedMs', 'result on its way'],
  ['receivedMs', 'decidedMs', 'confirmation'],
  ['decidedMs', 'sentMs', 'handing over'],
  ['sentMs', 'acceptedMs', 'provider'],
] as const satisfies readonly (readonly [keyof Ledger, keyof Ledger, string])[];

/** A ledger as it begins: with a failed run. */
export function newLedger(startedAtMs: number, durationMs: number, receivedMs: number): Ledger {
  return {
    firstFailedStartMs: startedAtMs,
    runEndMs: Math.min(receivedMs, startedAtMs + Math.round(durationMs)),
    receivedMs,
  };
}

/** From the start of the first failed run to a provider's acceptance, milliseconds; `undefined` until then, or when held. */
export function timeToPageMs(ledger: Ledger): number | undefined {
  if (ledger.acceptedMs === undefined || ledger.heldUntilMs !== undefined) return undefined;
  return ledger.acceptedMs - ledger.firstFailedStartMs;
}

/** The leg that took longest of those that are over. */
export function slowestLeg(ledger: Ledger): { name: string; durationMs: number } | undefined {
  return LEGS.flatMap(([from, to, name]) => {
    const [fromMs, toMs] = [ledger[from], ledger[to]];
    return fromMs === undefined || toMs === undefined ? [] : [{ name, durationMs: toMs - fromMs }];
  }).toSorted((a, b) => b.durationMs - a.durationMs)[0];
}

/** Notes when the first attempt to send the page began. */
export function stampSent(ledger: Ledger, nowMs: number): Ledger {
  return { ...ledger, sentMs: ledger.sentMs ?? nowMs };
}

/** Notes the first acceptance; later ones change nothing. */
export function stampAccepted(
  ledger: Ledger,
  accepted: { nowMs: number; channel: string; providerId?: string | undefined },
): Ledger {
  if (ledger.acceptedMs !== undefined) return ledger;
  const { nowMs, channel, providerId } = accepted;
  return { ...ledger, acceptedMs: nowMs, acceptedBy: channel, providerId };
}

/** Notes who acknowledged first. */
export function stampAcknowledged(ledger: Ledger, nowMs: number, by: string): Ledger {
  if (ledger.acknowledgedMs !== undefined) return ledger;
  return { ...ledger, acknowledgedMs: nowMs, acknowledgedBy: by };
}
