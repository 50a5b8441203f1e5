import { stampAccepted, stampAcknowledged, stampSent } from '../ledger.ts';
import type { Paged } from '../page.ts';
import { earliest } from '../units.ts';
import { resolved, standing } from './alarm.ts';
import { announced } from './announcing.ts';
import { markOf } from './telling/deploy-page.ts';
import type { Deploy, ServiceState } from './deploy.ts';
import type { DeployEvent, DeployPolicy, DeployStepped } from './event.ts';
import { withLook, withLookers } from './gates.ts';
import { rollbackWakeMs, withCalled, withWanted } from './rolling-back.ts';
import { openAgain, settle, waitUntilMs } from './settling.ts';
import {
  changed,
  quiet,
  verificationOf,
  watchedBy,
  withDeploy,
  withGates,
  withIncident,
  withLedger,
  withMoment,
  withVerifications,
} from './state-change.ts';
import { verificationWakeMs, withAnswer, withAttempts, withRun } from './verification.ts';

/** Advances a service by one event. Pure: no clock, no chance, no I/O; the input state is not changed. */
export function deployStep(policy: DeployPolicy, before: ServiceState, event: DeployEvent): DeployStepped {
  const taken = take(policy, before, event);
  const stepped = settle(policy, taken, event.nowMs);
  return withMarks(policy, before, stepped);
}

/** When the state wants a `tick` by itself, epoch ms; `undefined` when only events can change it. */
export function deployWakeMs(policy: DeployPolicy, { deploy }: ServiceState): number | undefined {
  if (!deploy) return undefined;
  const { phase, alarm, checklistUntilMs, rollback } = deploy;
  const isWaiting = phase === 'rolling-back' || phase === 'verifying-again';
  const current = verificationOf(deploy);
  return earliest(
    alarm?.dueAtMs,
    phase === 'checklist' ? checklistUntilMs : undefined,
    current && verificationWakeMs(current, watchedBy(policy, deploy), policy.service.pairEveryMs),
    isWaiting && rollback ? rollbackWakeMs(rollback) : undefined,
    isWaiting ? waitUntilMs(deploy) : undefined,
  );
}

/** What the outbox must know of the service's page. */
export function pagedOf({ incident }: ServiceState): Paged[] {
  if (!incident) return [];
  const { seq, resolvedAtMs, acknowledged } = incident;
  return [{ seq, isOver: resolvedAtMs !== undefined, acknowledged }];
}

/** What an event itself changes; what follows from it and from the time is settled afterwards. */
function take(policy: DeployPolicy, state: ServiceState, event: DeployEvent): DeployStepped {
  const { nowMs } = event;
  switch (event.type) {
    case 'announced':
      return announced(policy, state, event);
    case 'standings':
      return withDeploy(state, event.n, (deploy) => standing(policy, state, deploy, event.standings, nowMs));
    case 'look-asked':
      return withGates(state, event.n, (gates) => withLookers(gates, event.item, event.liveRegions, nowMs));
    case 'looked':
      return event.looked.service === policy.service.id
        ? withGates(state, event.looked.n, (gates) =>
            withLook(gates, policy.service.checklist, event.region, event.looked, nowMs),
          )
        : quiet(state);
    case 'asked':
      return changed(state, event.n, (deploy) =>
        withVerifications(deploy, (verification) => withAnswer(verification, event.pair, event.isLive)),
      );
    case 'run':
      return event.run.deploy?.service === policy.service.id
        ? changed(state, event.run.deploy.n, (deploy) =>
            withVerifications(deploy, (verification) => withRun(verification, event.run)),
          )
        : quiet(state);
    case 'attempts':
      return state.deploy?.phase === 'verifying'
        ? changed(state, state.deploy.n, (deploy) => ({
            ...deploy,
            verification: deploy.verification && withAttempts(deploy.verification, event.realAttempts),
          }))
        : quiet(state);
    case 'rollback-wanted':
      return changed(state, event.n, (deploy) => wanted(policy, deploy, event, nowMs));
    case 'rollback-called':
      return changed(state, event.n, (deploy) => called(policy, deploy, event, nowMs));
    case 'freeze-lifted':
      return freezeLifted(policy, state, event.by, nowMs);
    case 'acknowledged': {
      const { seq, by, via } = event;
      return quiet(
        withIncident(state, seq, (incident) =>
          incident.acknowledged || incident.resolvedAtMs !== undefined
            ? incident
            : {
                ...incident,
                acknowledged: { atMs: nowMs, by, via },
                ledger: stampAcknowledged(incident.ledger, nowMs, by),
              },
        ),
      );
    }
    case 'sent':
      return quiet(withLedger(state, event.seq, (ledger) => stampSent(ledger, nowMs)));
    case 'accepted':
      return quiet(withLedger(state, event.seq, (ledger) => stampAccepted(ledger, event)));
    case 'tick':
      return quiet(state);
  }
}

function wanted(
  policy: DeployPolicy,
  deploy: Deploy,
  { by, via }: { by: string; via: 'pipeline' | 'operator' },
  nowMs: number,
): Deploy {
  if (!deploy.rollback || deploy.phase !== 'rolling-back') return deploy;
  const rollback = withWanted(deploy.rollback, policy.service.rollback, { by, via, nowMs });
  if (rollback === deploy.rollback) return deploy;
  return withMoment({ ...deploy, rollback, alarm: undefined }, `rollback asked for by ${by}`, nowMs);
}

function called(
  policy: DeployPolicy,
  deploy: Deploy,
  event: Extract<DeployEvent, { type: 'rollback-called' }>,
  nowMs: number,
): Deploy {
  if (!deploy.rollback || deploy.phase !== 'rolling-back') return deploy;
  const rollback = withCalled(deploy.rollback, event, policy.service.rollback, nowMs);
  if (rollback === deploy.rollback) return deploy;
  if (rollback.state === 'called') {
    const deadlineAtMs = rollback.deadlineAtMs ?? nowMs;
    return withMoment(
      {
        ...deploy,
        rollback,
        alarm: undefined,
        phase: 'verifying-again',
        again: openAgain(policy, deploy, nowMs, deadlineAtMs),
      },
      `rollback called${event.reference === undefined ? '' : `: ${event.reference}`}`,
      nowMs,
    );
  }
  return withMoment({ ...deploy, rollback }, `rollback not called: ${rollback.lastError ?? ''}`, nowMs);
}

function freezeLifted(policy: DeployPolicy, state: ServiceState, by: string, nowMs: number): DeployStepped {
  if (!state.freeze) return quiet(state);
  const { freeze, ...rest } = state;
  const lifted = changed(rest, freeze.n, (deploy) => withMoment(deploy, `freeze lifted by ${by}`, nowMs));
  // A page about a later deploy is of something else.
  return state.incident?.seq === freeze.n ? resolved(policy, lifted.state, nowMs) : lifted;
}

/** Tells the checks what is new of the deploy. */
function withMarks(policy: DeployPolicy, before: ServiceState, stepped: DeployStepped): DeployStepped {
  const { deploy } = stepped.state;
  if (!deploy || deploy === before.deploy) return stepped;
  const mark = markOf(policy, deploy);
  const known = before.deploy?.n === deploy.n ? markOf(policy, before.deploy) : undefined;
  const isNews = !known || known.outcome !== mark.outcome || known.rolledBackAtMs !== mark.rolledBackAtMs;
  if (!isNews) return stepped;
  return { ...stepped, effects: [...stepped.effects, { type: 'mark', checks: deploy.checks, mark }] };
}
