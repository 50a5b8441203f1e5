import { earliest, MS_PER_SECOND } from '../units.ts';
import { deployIncidentPage, noticePage } from './telling/deploy-page.ts';
import type { Deploy, DeployIncident, ServiceState } from './deploy.ts';
import type { CheckStanding, DeployPolicy, DeployStepped } from './event.ts';
import { withStandings } from './gates.ts';
import { quiet, withMoment } from './state-change.ts';

/** Checks that are asked whether they have paged already answer by then. */
const STANDINGS_MS_MAX = 5 * MS_PER_SECOND;

/** People are paged when it is time, but first the checks are asked whether they have done so already. */
export function settleAlarm(policy: DeployPolicy, state: ServiceState, nowMs: number): DeployStepped {
  const { deploy } = state;
  const alarm = deploy?.alarm;
  if (!deploy || !alarm || nowMs < alarm.dueAtMs) return quiet(state);
  if (alarm.asked) return alarmed(policy, state, deploy, alarm.why, nowMs);
  const asked = { ...alarm, asked: true, dueAtMs: nowMs + STANDINGS_MS_MAX };
  return {
    state: { ...state, deploy: { ...deploy, alarm: asked } },
    effects: [{ type: 'ask-standings', n: deploy.n, checks: deploy.checks }],
  };
}

/** What the checks say of themselves: for the gate, or before people are paged about what they may know already. */
export function standing(
  policy: DeployPolicy,
  state: ServiceState,
  deploy: Deploy,
  standings: readonly CheckStanding[],
  nowMs: number,
): DeployStepped {
  if (deploy.phase === 'checklist') {
    const checklist = withStandings(deploy.checklist, deploy.checks, standings, nowMs);
    return quiet({ ...state, deploy: { ...deploy, checklist } });
  }
  const { alarm } = deploy;
  if (!alarm?.asked) return quiet(state);
  const paged = standings.find(({ openIncident }) => openIncident);
  if (!paged) return alarmed(policy, state, deploy, alarm.why, nowMs);
  const text = `not paged again: ${paged.check}:${paged.openIncident?.seq} is open`;
  const told = withMoment({ ...deploy, alarm: undefined }, text, nowMs);
  return {
    state: { ...state, deploy: told },
    effects: [{ type: 'page', page: noticePage(policy, told, 'outage', alarm.why, nowMs) }],
  };
}

/** People are paged about the deploy. */
export function alarmed(
  policy: DeployPolicy,
  state: ServiceState,
  deploy: Deploy,
  why: string,
  nowMs: number,
): DeployStepped {
  const incident: DeployIncident = {
    seq: deploy.n,
    why,
    ledger: {
      firstFailedStartMs: firstFailedMs(deploy) ?? deploy.decidedAtMs ?? nowMs,
      runEndMs: deploy.decidedAtMs ?? nowMs,
      receivedMs: deploy.decidedAtMs ?? nowMs,
      decidedMs: nowMs,
    },
  };
  const told = withMoment({ ...deploy, alarm: undefined }, `people are paged: ${why}`, nowMs);
  return {
    state: { ...state, deploy: told, incident },
    effects: [{ type: 'page', page: deployIncidentPage('trigger', policy, told, incident, nowMs) }],
  };
}

/** The service's page is over, if one is open. */
export function resolved(policy: DeployPolicy, state: ServiceState, nowMs: number): DeployStepped {
  const { incident, deploy } = state;
  if (!incident || incident.resolvedAtMs !== undefined || deploy?.n !== incident.seq) return quiet(state);
  const over = { ...incident, resolvedAtMs: nowMs };
  return {
    state: { ...state, incident: over },
    effects: [{ type: 'page', page: deployIncidentPage('resolve', policy, deploy, over, nowMs) }],
  };
}

/** Whether people have been paged about that deploy. */
export function isPaged({ incident }: ServiceState, n: number): boolean {
  return incident?.seq === n;
}

/** When the first pair was asked for whose canary failed. */
function firstFailedMs({ verification }: Deploy): number | undefined {
  const starts = verification?.checks.flatMap(({ canary }) =>
    canary.pairs.filter((pair) => pair.canary === 'fail').map(({ startedAtMs }) => startedAtMs),
  );
  return earliest(...(starts ?? []));
}
