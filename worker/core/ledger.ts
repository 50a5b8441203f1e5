/**
 * When an incident passed each leg of its way to the pager; the hub's clock, epoch ms.
 * `firstFailedStart` → `runEnd` → `received` → `burstAsked` → `decided` → `sent` → `accepted`.
 */
export type Ledger = {
  firstFailedStartMs: number;
  runEndMs: number;
  receivedMs: number;
  burstAskedMs?: number | undefined;
  decidedMs?: number | undefined;
  sentMs?: number | undefined;
  acceptedMs?: number | undefined;
  /** The channel that accepted first, and its provider's id. */
  acceptedBy?: string | undefined;
  providerId?: string | undefined;
};

/** A ledger as it begins: with a failed run. */
export function newLedger(startedAtMs: number, durationMs: number, receivedMs: number): Ledger {
  return {
    firstFailedStartMs: startedAtMs,
    runEndMs: Math.min(receivedMs, startedAtMs + Math.round(durationMs)),
    receivedMs,
  };
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
