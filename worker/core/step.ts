import { stepBrokenGlass } from './adopted-page.ts';
import { BURST_ASK_INTERVAL_MS } from './burst.ts';
import type { CheckEvent } from './check-event.ts';
import {
  activeIncident,
  activeSlow,
  isBursting,
  withIncident,
  withLedger,
  type CheckState,
} from './check-state.ts';
import { withMark, type DeployMark } from './deploy/telling/mark.ts';
import { incidentPage, incidentWakeMs, withDeployNews } from './incident.ts';
import { stampAccepted, stampAcknowledged, stampSent } from './ledger.ts';
import { noticeWakeMs } from './notice.ts';
import type { GroupedCheck } from './page.ts';
import type { Policy } from './policy.ts';
import { heard } from './region.ts';
import { settle } from './settling.ts';
import { unpaged, type Stepped } from './stepped.ts';
import { earliest } from './units.ts';
import { stepOverdue, stepRun } from './voting.ts';

/** Advances a check by one event. Pure: no clock, no chance, no I/O; the input state is not changed. */
export function step(policy: Policy, before: CheckState, event: CheckEvent): Stepped {
  const state = withoutRemovedRegions(policy, before);
  switch (event.type) {
    case 'run':
      return stepRun(policy, state, event);
    case 'overdue':
      return stepOverdue(policy, state, event);
    case 'liveness':
      return stepLiveness(policy, state, event);
    case 'tick':
      return settle(policy, state, event.nowMs);
    case 'sent':
      return unpaged(withLedger(state, event.seq, (ledger) => stampSent(ledger, event.nowMs)));
    case 'accepted':
      return unpaged(
        reachesSomebody(policy, event.channel)
          ? withLedger(state, event.seq, (ledger) => stampAccepted(ledger, event))
          : state,
      );
    case 'acknowledged':
      return unpaged(acknowledged(state, event));
    case 'grouped':
      return unpaged(withIncident(state, event.seq, (incident) => ({ ...incident, lead: event.lead })));
    case 'members':
      return stepMembers(policy, state, event);
    case 'deployed':
      return unpaged(withDeploy(state, event.mark));
    case 'broke-glass':
      return stepBrokenGlass(policy, state, event);
  }
}

/** Whether a page that this channel has taken wakes somebody; where none does, all that can be had counts. */
function reachesSomebody({ routes }: Policy, channel: string): boolean {
  const wakes = (id: string): boolean => routes.traits[id]?.wakes === true;
  return wakes(channel) || ![...routes.page, ...routes.fallback].some(wakes);
}

/** When the state wants a `tick` by itself, epoch ms; `undefined` when only events can change it. */
export function stateWakeMs(policy: Policy, state: CheckState, nowMs: number): number | undefined {
  const { burst, flapping, maintenance, regions } = state;
  const incident = activeIncident(state);
  const slow = activeSlow(state);
  const overdueMs = Object.values(regions).flatMap(({ overdue }) =>
    overdue && overdue.untilMs > nowMs ? [overdue.untilMs] : [],
  );
  return earliest(
    burst && isBursting(state, nowMs) ? burst.askedAtMs + BURST_ASK_INTERVAL_MS : undefined,
    incident && incidentWakeMs(policy, incident, flapping, nowMs),
    slow && incidentWakeMs(policy, slow, flapping, nowMs),
    maintenance?.untilMs,
    noticeWakeMs(policy, regions, incident !== undefined, nowMs),
    ...overdueMs,
  );
}

function stepLiveness(
  policy: Policy,
  before: CheckState,
  event: Extract<CheckEvent, { type: 'liveness' }>,
): Stepped {
  const regions = { ...before.regions };
  for (const id of event.liveRegions)
    if (policy.check.regions.includes(id)) regions[id] = heard(regions[id], policy.check, event.nowMs);
  // A region whose object has not heard from its probes is silent, unless it has reported here since the object was asked.
  for (const [id, region] of Object.entries(regions))
    if (event.silentRegions.includes(id) && region.heardAtMs <= event.askedAtMs)
      regions[id] = { ...region, silent: true };
  return settle(policy, { ...before, regions }, event.nowMs);
}

function stepMembers(
  policy: Policy,
  before: CheckState,
  event: Extract<CheckEvent, { type: 'members' }>,
): Stepped {
  const known = before.incident?.seq === event.seq ? (before.incident.checks ?? []) : [];
  const state = withIncident(before, event.seq, (incident) => ({ ...incident, checks: event.checks }));
  const incident = activeIncident(state);
  const isNew = event.checks.some((check) => !known.some((other) => isSameIncident(check, other)));
  const after = settle(policy, state, event.nowMs);
  if (!incident || incident.seq !== event.seq || incident.held || !isNew) return after;
  const page = incidentPage('update', policy, state.regions, incident, state.flapping, event.nowMs);
  return { state: after.state, effects: [...after.effects, { type: 'page', page }] };
}

function isSameIncident(a: GroupedCheck, b: GroupedCheck): boolean {
  return a.check === b.check && a.seq === b.seq;
}

function acknowledged(
  state: CheckState,
  { seq, by, via, nowMs }: Extract<CheckEvent, { type: 'acknowledged' }>,
): CheckState {
  return withIncident(state, seq, (incident) =>
    incident.acknowledged || incident.status === 'resolved'
      ? incident
      : {
          ...incident,
          acknowledged: { atMs: nowMs, by, via },
          ledger: stampAcknowledged(incident.ledger, nowMs, by),
        },
  );
}

/** The state after news of a deploy: an incident that names it, or should have, has it as it is now. */
function withDeploy(state: CheckState, mark: DeployMark): CheckState {
  const deploys = withMark(state.deploys ?? [], mark);
  const { incident, slow } = state;
  return {
    ...state,
    deploys,
    ...(incident ? { incident: withDeployNews(incident, deploys, mark) } : {}),
    ...(slow ? { slow: withDeployNews(slow, deploys, mark) } : {}),
  };
}

function withoutRemovedRegions(policy: Policy, state: CheckState): CheckState {
  const known = (id: string): boolean => policy.check.regions.includes(id);
  if (Object.keys(state.regions).every(known)) return state;
  return { ...state, regions: Object.fromEntries(Object.entries(state.regions).filter(([id]) => known(id))) };
}
