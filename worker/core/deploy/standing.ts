import { activeIncident, activeSlow, type CheckState } from '../check-state.ts';
import { incidentPage } from '../incident.ts';
import type { Policy } from '../policy.ts';
import { formatMs } from '../units.ts';
import type { CheckStanding } from './event.ts';

/** What a check says when a deploy asks how it stands: its incident that is not over, one of failing before one of slowness. */
export function standingOf(policy: Policy, state: CheckState, nowMs: number): CheckStanding {
  const check = policy.check.id;
  const incident = activeIncident(state) ?? activeSlow(state);
  if (!incident) return { check };
  const { seq, cleanSinceMs } = incident;
  const summary =
    cleanSinceMs === undefined
      ? incidentPage('update', policy, state.regions, incident, state.flapping, nowMs).summary
      : `${policy.check.title} works again since ${formatMs(Math.max(0, nowMs - cleanSinceMs))}, too short a time to be sure`;
  return { check, openIncident: { seq, summary } };
}
