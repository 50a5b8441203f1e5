import { LEDGER_STAGES, type LedgerView } from '#dashboards/operator/ledger.ts';

/** Somebody takes the page after it has been measured. */
const STAGES = LEDGER_STAGES.filter((stage) => stage !== 'firstFailedStart' && stage !== 'acknowledged');
/** The ways between the stages of the ledger, each named after where it leads; `onset` leads from the break to the first failed start. */
export const LEGS = ['onset', ...STAGES] as const;
type Leg = (typeof LEGS)[number];
/** Seconds, in the order of their times; together the way from the break to the acceptance. */
export type Legs = Readonly<Partial<Record<Leg, number>>>;

/** The stages that were reached. The first leg is negative when the run that failed had started before the break. */
export function legsOf(ledger: LedgerView, brokenAtMs: number): Legs {
  const reached = ledger.legs
    .flatMap(({ stage, atMs }) => (atMs === undefined || stage === 'acknowledged' ? [] : [{ stage, atMs }]))
    .toSorted((a, b) => a.atMs - b.atMs);
  const legs: Partial<Record<Leg, number>> = {};
  let fromMs = brokenAtMs;
  for (const { stage, atMs } of reached) {
    legs[stage === 'firstFailedStart' ? 'onset' : stage] = (atMs - fromMs) / 1_000;
    fromMs = atMs;
  }
  return legs;
}

/** `onset 3.10 + overdue 4.01 + …`, in the order of their times. */
export function legsText(legs: Legs): string {
  return Object.entries(legs)
    .map(([leg, tookS]) => `${leg} ${tookS.toFixed(2)}`)
    .join(' + ');
}
