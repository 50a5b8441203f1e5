import type { Ledger } from '../ledger.ts';
import type { Check } from '../config.ts';
import type { Deploy, DeployIncident, DeployOutcome, ServiceState, Verification } from './deploy.ts';
import type { DeployPolicy, DeployStepped } from './event.ts';

/** Moments kept in a timeline. */
const MOMENTS_MAX = 100;

/** Nothing follows. */
export function quiet(state: ServiceState): DeployStepped {
  return { state, effects: [] };
}

/** One after the other. */
export function joined(before: DeployStepped, after: DeployStepped): DeployStepped {
  return { state: after.state, effects: [...before.effects, ...after.effects] };
}

/** Changes the deploy if it is that one; another one is over. */
export function withDeploy(
  state: ServiceState,
  n: number,
  change: (deploy: Deploy) => DeployStepped,
): DeployStepped {
  return state.deploy?.n === n ? change(state.deploy) : quiet(state);
}

/** As `withDeploy`, where nothing has to be done outside. */
export function changed(state: ServiceState, n: number, change: (deploy: Deploy) => Deploy): DeployStepped {
  return withDeploy(state, n, (deploy) => {
    const next = change(deploy);
    return quiet(next === deploy ? state : { ...state, deploy: next });
  });
}

/** The gates, changed while they are gone through. */
export function withGates(
  state: ServiceState,
  n: number,
  change: (gates: Deploy['checklist']) => Deploy['checklist'],
): DeployStepped {
  return changed(state, n, (deploy) =>
    deploy.phase === 'checklist' ? { ...deploy, checklist: change(deploy.checklist) } : deploy,
  );
}

/** The service's page, changed if it is about that deploy. */
export function withIncident(
  state: ServiceState,
  seq: number,
  change: (incident: DeployIncident) => DeployIncident,
): ServiceState {
  return state.incident?.seq === seq ? { ...state, incident: change(state.incident) } : state;
}

/** The way of the service's page to the pager, changed. */
export function withLedger(
  state: ServiceState,
  seq: number,
  change: (ledger: Ledger) => Ledger,
): ServiceState {
  return withIncident(state, seq, (incident) => ({ ...incident, ledger: change(incident.ledger) }));
}

/** Something happened: it is in the timeline. */
export function withMoment(deploy: Deploy, text: string, atMs: number): Deploy {
  return { ...deploy, timeline: [...deploy.timeline, { atMs, text }].slice(-MOMENTS_MAX) };
}

/** The deploy once nothing follows by itself. */
export function ended(deploy: Deploy, outcome: DeployOutcome, reason: string, nowMs: number): Deploy {
  const { alarm: _alarm, ...rest } = deploy;
  return withMoment(
    { ...rest, phase: 'ended', outcome, reason, endedAtMs: nowMs },
    `${outcome.replaceAll('-', ' ')}: ${reason}`,
    nowMs,
  );
}

/** The verification that runs are asked for now. */
export function verificationOf({ phase, verification, again }: Deploy): Verification | undefined {
  return phase === 'verifying' ? verification : phase === 'verifying-again' ? again : undefined;
}

/** The deploy with what is new of the verification that runs are asked for now. */
export function withVerification(deploy: Deploy, verification: Verification): Deploy {
  return deploy.phase === 'verifying-again'
    ? { ...deploy, again: verification }
    : { ...deploy, verification };
}

/** Both verifications, changed: what comes late of the first one is still shown. */
export function withVerifications(
  deploy: Deploy,
  change: (verification: Verification) => Verification,
): Deploy {
  const verification = deploy.verification && change(deploy.verification);
  const again = deploy.again && change(deploy.again);
  return verification === deploy.verification && again === deploy.again
    ? deploy
    : { ...deploy, verification, again };
}

/** The journeys that verify a deploy, as they are configured. */
export function watchedBy(
  { config }: Pick<DeployPolicy, 'config'>,
  { checks }: Pick<Deploy, 'checks'>,
): Check[] {
  return config.checks.filter(({ id }) => checks.includes(id));
}
