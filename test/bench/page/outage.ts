import type { IncidentView } from '#dashboards/operator/incident-view.ts';
import type { Alert } from '../../fixtures/pager/alerts.ts';
import { until } from '../../e2e/until.ts';
import { legsOf, type Legs } from './legs.ts';
import type { Mode, Occasion, Part } from './part.ts';

/** Three times what the worst case allows: past this the page does not come at all. */
const PAGE_DEADLINE_MS = 360_000;
/** A hub that was killed is back by then, and a probe has come back to it. */
const LEDGER_DEADLINE_MS = 90_000;
/** Two successes of each region by the schedule, and a run that hangs before. */
const RESOLVE_DEADLINE_MS = 240_000;
/** Everything up once in each region, by the schedule. */
export const UP_DEADLINE_MS = 120_000;

/** One outage as measured. */
export interface Outage {
  readonly toPageS: number;
  /** When something else went wrong, from the break on; absent when nothing did at a moment of its own. */
  readonly struckS: number | undefined;
  readonly legsS: Legs;
}

/**
 * Breaks the portal, and with it whatever the part says, awaits the page, mends all of it and awaits the resolve and
 * every region up. Rejects when one of these does not come, or when it was not one incident, number `seq`, with one
 * alert at the pager.
 */
export async function measureOutage(
  { prepare, strike, mend, prove }: Part,
  { fault }: Mode,
  occasion: Occasion,
  seq: number,
): Promise<Outage> {
  const { rig, signal } = occasion;
  const alertThat = (awaited: string, fits: (alert: Alert) => boolean, deadlineMs: number): Promise<Alert> =>
    until(
      awaited,
      () => {
        signal.throwIfAborted();
        return rig.pager.alerts().find(fits);
      },
      deadlineMs,
      () => JSON.stringify(rig.pager.attempts()),
    );
  rig.pager.clear();
  prepare?.(occasion);
  const brokenAtMs = Date.now();
  rig.portal.break(fault);
  const [alert, struckAtMs] = await Promise.all([
    alertThat('the page', () => true, PAGE_DEADLINE_MS),
    strike?.(occasion),
  ]);
  await mend?.(occasion);
  const incident = await acceptedIncident(occasion, seq);
  prove?.(occasion, incident);
  rig.portal.mend();
  await alertThat(
    'the resolve at the pager',
    ({ id, status }) => id === alert.id && status === 'resolved',
    RESOLVE_DEADLINE_MS,
  );
  await rig.untilUp(UP_DEADLINE_MS, signal);
  const keys = rig.pager.alerts().map(({ dedupKey, status }) => `${dedupKey} ${status}`);
  const expected = `${incident.check}:${seq} resolved`;
  if (keys.join() !== expected)
    throw new Error(`expected one alert at the pager, ${expected}, got ${keys.join(', ')}`);
  return {
    toPageS: (alert.openedAtMs - brokenAtMs) / 1_000,
    struckS: struckAtMs === undefined ? undefined : (struckAtMs - brokenAtMs) / 1_000,
    legsS: legsOf(incident.ledger, brokenAtMs),
  };
}

/** The incident with this number, as soon as the hub knows that its page has been accepted. */
function acceptedIncident({ rig, signal }: Occasion, seq: number): Promise<IncidentView> {
  return until(
    `an accepted page of incident ${seq}`,
    async () => {
      signal.throwIfAborted();
      const { incidents } = await rig.overview();
      return incidents.find((known) => known.seq === seq && known.ledger.timeToPageMs !== undefined);
    },
    LEDGER_DEADLINE_MS,
    async () => JSON.stringify((await rig.overview()).incidents),
  );
}
