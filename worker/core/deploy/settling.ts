import { formatMs, MS_PER_HOUR, MS_PER_SECOND } from '../units.ts';
import { alarmed, isPaged, resolved, settleAlarm } from './alarm.ts';
import { nameOf, noticePage, previousOf } from './telling/deploy-page.ts';
import type { Deploy, ServiceState, Verification } from './deploy.ts';
import type { DeployEffect, DeployPolicy, DeployStepped } from './event.ts';
import { closedWhy, withoutWaiting } from './gates.ts';
import { newRollback, settledRollback } from './rolling-back.ts';
import type { Selector } from './service/selector.ts';
import {
  ended,
  joined,
  quiet,
  verificationOf,
  watchedBy,
  withMoment,
  withVerification,
} from './state-change.ts';
import {
  hasOnlyPassed,
  openVerification,
  prolonged,
  settledVerification,
  verdictOf,
  withDuePairs,
  type Verdict,
} from './verification.ts';

/** Whoever is there to roll back does it by then; after it people are paged. A pipeline asks within a second or two. */
const ALARM_AFTER_MS = 15 * MS_PER_SECOND;
/** A bad deploy that nobody has taken back by then, or that is not seen healthy, is no longer waited for. */
const WAIT_MS_MAX = MS_PER_HOUR;

/** Until when a bad deploy is waited for, epoch ms: with a rollback that was asked for, an hour after its deadline. */
export function waitUntilMs({ decidedAtMs = 0, rollback }: Deploy): number {
  return Math.max(decidedAtMs, rollback?.deadlineAtMs ?? 0) + WAIT_MS_MAX;
}

/** What follows from the state and the time. */
export function settle(policy: DeployPolicy, before: DeployStepped, nowMs: number): DeployStepped {
  let stepped = before;
  // A phase that ends may begin one that has something to do at once.
  for (;;) {
    const { deploy } = stepped.state;
    if (!deploy) return stepped;
    stepped = joined(stepped, settlePhase(policy, stepped.state, deploy, nowMs));
    if (stepped.state.deploy?.phase === deploy.phase) break;
  }
  return joined(stepped, settleAlarm(policy, stepped.state, nowMs));
}

function settlePhase(
  policy: DeployPolicy,
  state: ServiceState,
  deploy: Deploy,
  nowMs: number,
): DeployStepped {
  switch (deploy.phase) {
    case 'checklist':
      return quiet({ ...state, deploy: settleChecklist(policy, deploy, nowMs) });
    case 'verifying':
      return settleVerifying(policy, state, deploy, nowMs);
    case 'rolling-back':
      return settleRollingBack(policy, state, deploy, nowMs);
    case 'verifying-again':
      return settleAgain(policy, state, deploy, nowMs);
    case 'ended':
      return quiet(state);
  }
}

function settleChecklist(policy: DeployPolicy, deploy: Deploy, nowMs: number): Deploy {
  const checklist =
    nowMs >= deploy.checklistUntilMs ? withoutWaiting(deploy.checklist, nowMs) : deploy.checklist;
  if (checklist.some(({ state }) => state === 'waiting')) return deploy;
  const { unsettled, ...rest } = deploy;
  const why = closedWhy(checklist);
  if (why !== undefined) {
    const blocked = ended({ ...rest, checklist }, 'blocked', why, nowMs);
    if (unsettled === undefined) return blocked;
    // It does not take that deploy's place after all.
    const alarm = { dueAtMs: nowMs, why: `${unsettled} ${deploy.version} is blocked.`, asked: false };
    return { ...blocked, alarm };
  }
  return withMoment(
    {
      ...rest,
      checklist,
      phase: 'verifying',
      reason: 'Runs are being watched.',
      verification: openVerification(deploy.checks, policy.service.settings, {
        nowMs,
        deadlineAtMs: nowMs + deploy.timeoutMs,
        paired: deploy.canary !== undefined,
      }),
    },
    'checklist done, verification begun',
    nowMs,
  );
}

function settleVerifying(
  policy: DeployPolicy,
  state: ServiceState,
  deploy: Deploy,
  nowMs: number,
): DeployStepped {
  if (!deploy.verification) return quiet(state);
  const verification = settledVerification(deploy.verification, nowMs);
  const verdict = verdictOf(verification);
  const seen = verification === deploy.verification ? deploy : { ...deploy, verification };
  if (verdict.outcome === 'keep-going') return askedPairs(policy, state, seen, nowMs);
  return decided(policy, state, seen, verdict, nowMs);
}

function decided(
  policy: DeployPolicy,
  state: ServiceState,
  deploy: Deploy,
  verdict: Exclude<Verdict, { outcome: 'keep-going' }>,
  nowMs: number,
): DeployStepped {
  const { outcome, decision } = verdict;
  const title = policy.config.checks.find(({ id }) => id === verdict.check)?.title ?? verdict.check;
  const reason = deploy.checks.length === 1 ? decision.reason : `${title}: ${decision.reason}`;
  const name = nameOf(policy.service, deploy);
  const told = { ...deploy, decidedAtMs: nowMs, warnings: decision.warnings };
  if (outcome === 'good' || outcome === 'cannot-tell')
    return quiet({ ...state, deploy: ended(told, outcome, reason, nowMs) });
  if (outcome === 'both-failing') {
    const why = `Outage while ${name} was verified: ${reason}`;
    const over = {
      ...ended(told, outcome, reason, nowMs),
      alarm: { dueAtMs: nowMs + ALARM_AFTER_MS, why, asked: false },
    };
    return quiet({ ...state, deploy: over, freeze: { sinceMs: nowMs, n: deploy.n, why } });
  }
  const rollback = newRollback(policy.service.rollback, nowMs);
  const isAsked = rollback.state === 'asked';
  const bad: Deploy = withMoment(
    { ...told, outcome, reason, phase: 'rolling-back', rollback },
    `bad: ${reason}`,
    nowMs,
  );
  const next = isAsked ? 'It is being rolled back.' : 'Nobody has asked for the rollback yet.';
  const why = `${name} is bad and still there: ${reason}`;
  // What everybody gets is judged, and paged, by the checks themselves.
  const isCanary = deploy.canary !== undefined;
  return {
    state: {
      ...state,
      deploy: {
        ...bad,
        ...(isCanary && !isAsked ? { alarm: { dueAtMs: nowMs + ALARM_AFTER_MS, why, asked: false } } : {}),
      },
    },
    effects: [
      { type: 'page', page: noticePage(policy, bad, 'bad', `${name} is bad: ${reason} ${next}`, nowMs) },
    ],
  };
}

function settleRollingBack(
  policy: DeployPolicy,
  state: ServiceState,
  deploy: Deploy,
  nowMs: number,
): DeployStepped {
  if (!deploy.rollback) return quiet(state);
  const { rollback, call } = settledRollback(deploy.rollback, nowMs);
  const next = rollback === deploy.rollback ? deploy : { ...deploy, rollback };
  const { n } = deploy;
  if (call) {
    // With its moment: another hub, and one that has begun anew, number their deploys from 1 as well.
    const key = `${deploy.service}.${n}.${deploy.announcedAtMs}`;
    const effect: DeployEffect = { type: 'roll-back', n, key, ...call };
    return { state: { ...state, deploy: next }, effects: [effect] };
  }
  if (nowMs >= waitUntilMs(next))
    return quiet({
      ...state,
      deploy: ended(
        next,
        'bad',
        `${deploy.reason} ${rollback.state === 'failed' ? 'Its rollback failed' : 'Nobody has rolled it back'}.`,
        nowMs,
      ),
    });
  if (rollback.state === 'failed' && !isPaged(state, n)) {
    const why = `Rollback of ${nameOf(policy.service, deploy)} failed: ${rollback.lastError ?? 'no reason given'}. It is bad: ${deploy.reason}`;
    return alarmed(policy, state, next, why, nowMs);
  }
  return quiet(next === deploy ? state : { ...state, deploy: next });
}

function settleAgain(
  policy: DeployPolicy,
  state: ServiceState,
  deploy: Deploy,
  nowMs: number,
): DeployStepped {
  if (!deploy.again) return quiet(state);
  const again = settledVerification(deploy.again, nowMs);
  const verdict = verdictOf(again);
  const seen = again === deploy.again ? deploy : { ...deploy, again };
  // First of all: the latest look may have been opened to end after it.
  if (verdict.outcome !== 'good' && nowMs >= waitUntilMs(deploy))
    return quiet({
      ...state,
      deploy: ended(seen, 'bad', `${deploy.reason} Rolled back, but not seen healthy since.`, nowMs),
    });
  if (verdict.outcome === 'keep-going') return askedPairs(policy, state, seen, nowMs);
  const name = nameOf(policy.service, deploy);
  const previous = previousOf(deploy);
  if (verdict.outcome === 'good') {
    const tookMs = nowMs - (deploy.decidedAtMs ?? nowMs);
    const healthy = ended(
      { ...seen, healthyAgainAtMs: nowMs },
      'bad',
      `${deploy.reason} Rolled back: ${previous} is healthy, ${formatMs(tookMs)} after the decision.`,
      nowMs,
    );
    const { state: over, effects } = resolved(policy, { ...state, deploy: healthy }, nowMs);
    const summary = `${name} was bad and is rolled back: ${previous} is healthy again`;
    return {
      state: over,
      effects: [...effects, { type: 'page', page: noticePage(policy, healthy, 'healthy', summary, nowMs) }],
    };
  }
  // A rollback takes a while to take effect: until its deadline failing is no news, and it is looked at anew.
  const deadlineAtMs = deploy.rollback?.deadlineAtMs ?? nowMs;
  const isLate = nowMs >= deadlineAtMs;
  // Slow journeys, or few regions, come to too few runs by then: of what has only passed nobody is woken.
  const provenByMs = Math.min(deadlineAtMs + policy.service.settings.deadlineMs, waitUntilMs(deploy));
  if (isLate && nowMs < provenByMs && hasOnlyPassed(again))
    return askedPairs(policy, state, { ...seen, again: prolonged(again, provenByMs) }, nowMs);
  const untilMs = isLate ? waitUntilMs(deploy) : deadlineAtMs;
  // Not at once: what fails at once would be asked for without end.
  const fromMs = nowMs + policy.service.pairEveryMs;
  const anew = { ...seen, again: openAgain(policy, deploy, fromMs, untilMs) };
  if (!isLate || isPaged(state, deploy.n)) return quiet({ ...state, deploy: anew });
  const why = `${name} was rolled back, and ${previous} is not seen healthy: ${verdict.decision.reason}`;
  const paged = alarmed(policy, state, anew, why, nowMs);
  return paged.state.deploy
    ? joined(paged, askedPairs(policy, paged.state, paged.state.deploy, nowMs))
    : paged;
}

/** The version before is looked at by itself, where the new one was, from `fromMs` on. */
export function openAgain(
  policy: DeployPolicy,
  deploy: Deploy,
  fromMs: number,
  deadlineAtMs: number,
): Verification {
  return openVerification(deploy.checks, policy.service.settings, {
    nowMs: fromMs,
    deadlineAtMs: Math.max(deadlineAtMs, fromMs + MS_PER_SECOND),
    paired: false,
  });
}

/**
 * What leads to where the new version was, once it is taken back: whoever is still led there must get the version before. A
 * canary's own address may be gone with it; then the version before is where everybody is.
 */
function selectorAfter(canary: Selector | undefined): Selector | undefined {
  return canary?.kind === 'url' ? undefined : canary;
}

/** The pairs that are due, asked for; the journeys that are not decided go on. */
function askedPairs(policy: DeployPolicy, state: ServiceState, deploy: Deploy, nowMs: number): DeployStepped {
  const current = verificationOf(deploy);
  const { pairEveryMs } = policy.service;
  if (!current) return quiet({ ...state, deploy });
  const { verification, asked } = withDuePairs(
    current,
    watchedBy(policy, deploy),
    pairEveryMs,
    deploy.nextPair,
    nowMs,
  );
  const { canary, baseline } = deploy;
  const next = withVerification({ ...deploy, nextPair: deploy.nextPair + asked.length }, verification);
  return {
    state: { ...state, deploy: asked.length > 0 ? next : deploy },
    effects: asked.map(({ pair, check, region, first }): DeployEffect => {
      const selector = verification.paired ? canary : selectorAfter(canary);
      const ofCanary = { side: 'canary' as const, ...(selector ? { selector } : {}) };
      const ofBaseline = { side: 'baseline' as const, ...(baseline ? { selector: baseline } : {}) };
      const sides = !verification.paired
        ? [ofCanary]
        : first === 'canary'
          ? [ofCanary, ofBaseline]
          : [ofBaseline, ofCanary];
      return { type: 'verify', n: deploy.n, pair, check, region, sides };
    }),
  };
}
