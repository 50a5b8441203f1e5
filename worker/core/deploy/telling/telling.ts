import { decide } from '../../canary/decision.ts';
import type { SideFigures } from '../../canary/figures.ts';
import { deployPagePath } from '../../operator-path.ts';
import type { CheckVerification, Deploy, Half, Verification } from '../deploy.ts';
import type { DeployPolicy } from '../event.ts';
import { selectorName } from '../service/selector.ts';
import type { ToldCheck, ToldDeploy, ToldPair, ToldVerification } from './told-deploy.ts';

/**
 * The newest pairs that are told, of all journeys and regions: 20 journeys in 20 regions keep 16,000, of 6 MB, and a pipeline
 * asks every second. Usual deploys have a few hundred.
 */
const PAIRS_TOLD_MAX = 1_000;

/** A deploy as pipelines and the operator's page are told of it. No selector's value is in it. */
export function tellDeploy(policy: DeployPolicy, deploy: Deploy, nowMs: number): ToldDeploy {
  const { config, service } = policy;
  const { rollback, canary, baseline, verification, again } = deploy;
  const settings = service.rollback;
  const command =
    rollback?.state === 'asked' && settings?.kind === 'command' ? { command: settings.command } : {};
  return {
    service: service.id,
    title: service.title,
    n: deploy.n,
    version: deploy.version,
    ...(deploy.previousVersion === undefined ? {} : { previousVersion: deploy.previousVersion }),
    ...(deploy.commit === undefined ? {} : { commit: deploy.commit }),
    ...(deploy.url === undefined ? {} : { url: deploy.url }),
    by: deploy.by,
    phase: deploy.phase,
    ...(deploy.outcome === undefined ? {} : { outcome: deploy.outcome }),
    reason: deploy.reason,
    warnings: deploy.warnings,
    checks: deploy.checks,
    ...(canary ? { canary: selectorName(canary) } : {}),
    ...(baseline ? { baseline: selectorName(baseline) } : {}),
    announcedAtMs: deploy.announcedAtMs,
    ...(deploy.decidedAtMs === undefined ? {} : { decidedAtMs: deploy.decidedAtMs }),
    ...(deploy.endedAtMs === undefined ? {} : { endedAtMs: deploy.endedAtMs }),
    checklist: deploy.checklist,
    ...(verification ? { verification: tellVerification(policy, verification, nowMs) } : {}),
    ...(again ? { again: tellVerification(policy, again, nowMs) } : {}),
    ...(rollback ? { rollback } : {}),
    ...command,
    ...(deploy.healthyAgainAtMs === undefined ? {} : { healthyAgainAtMs: deploy.healthyAgainAtMs }),
    timeline: deploy.timeline,
    operatorUrl: config.publicUrl + deployPagePath(service.id, deploy.n),
    nowMs,
  };
}

/** The deploy without its single runs: a line of a list. */
export function withoutPairs(told: ToldDeploy): ToldDeploy {
  const { verification, again } = told;
  const bare = (verification: ToldVerification): ToldVerification => ({ ...verification, pairs: [] });
  return {
    ...told,
    ...(verification ? { verification: bare(verification) } : {}),
    ...(again ? { again: bare(again) } : {}),
  };
}

function tellVerification(
  policy: DeployPolicy,
  { openedAtMs, deadlineAtMs, paired, checks, pairs }: Verification,
  nowMs: number,
): ToldVerification {
  return {
    openedAtMs,
    deadlineAtMs,
    paired,
    checks: checks.map((of) => tellCheck(policy, of, nowMs)),
    pairs: pairs.slice(-PAIRS_TOLD_MAX).map(({ first: _first, canary, baseline, ...pair }): ToldPair => ({
      ...pair,
      ...(canary ? { canary: tellHalf(canary) } : {}),
      ...(baseline ? { baseline: tellHalf(baseline) } : {}),
    })),
  };
}

/** How a journey stands now, or stood when it was decided. */
function tellCheck({ config }: DeployPolicy, of: CheckVerification, nowMs: number): ToldCheck {
  const { outcome, reason, warnings, figures } = of.decided?.decision ?? decide(of.canary, nowMs);
  const { canary, baseline, evidence, pending, lost, steps, realAttempts } = figures;
  return {
    check: of.check,
    title: config.checks.find(({ id }) => id === of.check)?.title ?? of.check,
    outcome,
    reason,
    warnings,
    canary: tellSide(canary),
    ...(baseline ? { baseline: tellSide(baseline) } : {}),
    evidence,
    pending,
    lost,
    steps: steps.map(({ step, canaryMs, baselineMs, verdict }) => ({ step, canaryMs, baselineMs, verdict })),
    ...(realAttempts
      ? { realAttempts: { canary: realAttempts.canary, baseline: realAttempts.baseline } }
      : {}),
  };
}

function tellSide({ runs, failures, invalid }: SideFigures): ToldCheck['canary'] {
  return { runs, failures, invalid };
}

function tellHalf({ id, outcome, durationMs, failure }: Half): NonNullable<ToldPair['canary']> {
  return { runId: id, outcome, durationMs, ...(failure === undefined ? {} : { failure }) };
}
