import type { Gate } from '#core/deploy/service/checklist.ts';
import type { DeployOutcome, DeployPhase } from '#core/deploy/deploy.ts';
import type { Rollback } from '#core/deploy/service/rollback.ts';
import type { ToldCheck, ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { formatMs } from '#core/units.ts';

/**
 * A line about a deploy, by a key of its own. `gist`: what of it is news; without one any change is. Counts that only grow
 * are none. `isPast`: of a verification that is over, to which runs still come in.
 */
export type Fact = { key: string; text: string; gist?: string; isPast?: boolean };

const OUTCOME_WORDS = {
  good: 'Good',
  bad: 'Bad',
  'both-failing': 'Both versions fail, which is an outage and nobody’s deploy',
  'cannot-tell': 'Cannot tell',
  blocked: 'Blocked, nothing was verified',
  superseded: 'Superseded by a later deploy',
  marked: 'Marked, nothing was verified',
} as const satisfies Record<DeployOutcome, string>;

const PHASE_WORDS = {
  checklist: 'checklist',
  verifying: 'verifying',
  'rolling-back': 'rolling back',
  'verifying-again': 'verifying the version before',
  ended: 'ended',
} as const satisfies Record<DeployPhase, string>;

const CHECK_WORDS = {
  promote: 'good',
  'roll-back': 'bad',
  'both-failing': 'both versions fail',
  'cannot-tell': 'cannot tell',
  'keep-going': 'goes on',
} as const satisfies Record<ToldCheck['outcome'], string>;

const ROLLBACK_WAYS = {
  webhook: 'by webhook',
  github: 'by GitHub workflow',
  command: 'by command',
} as const satisfies Record<Rollback['kind'], string>;

/** E-values from here on are told by their order only. */
const EVIDENCE_IN_FULL_MAX = 9_999;

/** Whose version it is and which deploy, for headings. */
export function deployName({ service, version, n }: ToldDeploy): string {
  return oneLine(`${service} ${version} (deploy ${n})`);
}

export function phaseWords({ phase }: ToldDeploy): string {
  return PHASE_WORDS[phase];
}

/** What was decided and why, once that is so. */
export function outcomeText({ outcome, reason }: ToldDeploy): string | undefined {
  return outcome && oneLine(`${OUTCOME_WORDS[outcome]}: ${reason}`);
}

/** All that is known of a deploy, in the order in which it comes about. */
export function deployFacts(told: ToldDeploy): Fact[] {
  const { checklist, verification, again, rollback, healthyAgainAtMs } = told;
  const outcome = outcomeText(told);
  const facts: Fact[] = [
    ...checklist.map((gate): Fact => ({ key: `gate ${gate.id}`, text: gateText(gate) })),
    ...(verification ? verification.checks.flatMap((check) => checkFacts(check, '')) : []).map(
      (fact): Fact => ({ ...fact, isPast: again !== undefined }),
    ),
    ...told.warnings
      .filter((warning) => !isOfCheck(told, warning))
      .map((warning): Fact => ({ key: `warning ${warning}`, text: `warning: ${warning}` })),
    ...(outcome === undefined ? [] : [{ key: 'outcome', text: outcome }]),
    ...(rollback && told.outcome === 'bad' ? [{ key: 'rollback', text: rollbackText(rollback, told) }] : []),
    ...(again ? again.checks.flatMap((check) => checkFacts(check, 'version before, ')) : []),
  ];
  if (healthyAgainAtMs !== undefined && told.decidedAtMs !== undefined)
    facts.push({
      key: 'healthy-again',
      text: `${told.previousVersion ?? 'the version before'} is healthy again, ${formatMs(healthyAgainAtMs - told.decidedAtMs)} after the decision`,
    });
  return facts.map((fact) => ({ ...fact, text: oneLine(fact.text) }));
}

/** `canary 12/12 ok · baseline 12/12 ok · e 1.0`, and what else there is of one journey. */
export function checkText({ canary, baseline, evidence, pending, lost }: ToldCheck): string {
  const ok = ({ runs, failures }: ToldCheck['canary']): string =>
    runs === 0 ? 'no runs yet' : `${runs - failures}/${runs} ok`;
  const sides = baseline
    ? [`canary ${ok(canary)}`, `baseline ${ok(baseline)}`, `e ${evidenceText(evidence)}`]
    : [ok(canary)];
  const invalid = canary.invalid + (baseline?.invalid ?? 0);
  return [
    ...sides,
    ...(pending > 0 ? [`${pending} under way`] : []),
    ...(lost > 0 ? [`${lost} lost`] : []),
    ...(invalid > 0 ? [`${invalid} not counted: a probe’s own fault`] : []),
  ].join(' · ');
}

/** Control characters would move the cursor of whoever reads; a line break could begin a command of the pipeline's log. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** The deploy has the warnings of the journey that decided it. */
function isOfCheck({ verification }: ToldDeploy, warning: string): boolean {
  return verification?.checks.some(({ warnings }) => warnings.includes(warning)) ?? false;
}

function gateText({ title, state, evidence }: Gate): string {
  return `${title}: ${state}${evidence.length > 0 ? ` (${evidence.join('; ')})` : ''}`;
}

function checkFacts(check: ToldCheck, before: string): Fact[] {
  const { check: id, outcome, reason, canary, baseline, lost, warnings, steps, realAttempts } = check;
  const key = `${before}check ${id}`;
  const facts: Fact[] = [
    {
      key,
      text: `${before}${id}: ${checkText(check)}`,
      gist: JSON.stringify([outcome, canary.failures, baseline?.failures, lost]),
    },
  ];
  if (realAttempts) {
    const side = ({ attempts, failures }: { attempts: number; failures: number }): string =>
      `${failures} of ${attempts} failed`;
    facts.push({
      key: `${key} attempts`,
      text: `${before}${id}: real logins: canary ${side(realAttempts.canary)} · baseline ${side(realAttempts.baseline)}`,
      gist: '',
    });
  }
  for (const { step, verdict, canaryMs, baselineMs } of steps)
    if (verdict === 'slower')
      facts.push({
        key: `${key} step ${step}`,
        text: `${before}${id}: “${step}” takes ${formatMs(canaryMs)}, and ${formatMs(baselineMs)} on the baseline`,
        gist: verdict,
      });
  for (const warning of warnings)
    facts.push({ key: `${key} warning ${warning}`, text: `${before}${id}: warning: ${warning}` });
  if (outcome !== 'keep-going')
    facts.push({
      key: `${key} outcome`,
      text: `${before}${id}: ${CHECK_WORDS[outcome]}: ${reason}`,
      gist: outcome,
    });
  return facts;
}

function evidenceText(evidence: number): string {
  return evidence > EVIDENCE_IN_FULL_MAX ? evidence.toExponential(0) : evidence.toFixed(1);
}

function rollbackText(rollback: Rollback, { decidedAtMs, operatorUrl }: ToldDeploy): string {
  const { kind, state, askedBy, attempts, lastError, calledAtMs, reference } = rollback;
  const way = `rollback ${ROLLBACK_WAYS[kind]}`;
  switch (state) {
    case 'offered':
      return kind === 'command'
        ? 'rollback: not asked for yet; latchkey verify --rollback-command -- … does'
        : `${way}: not asked for yet; latchkey verify --rollback does, or the button at ${operatorUrl}`;
    case 'asked': {
      const tries = attempts > 1 ? `, attempt ${attempts}` : '';
      return `${way}: asked for by ${askedBy ?? 'somebody'}${tries}${lastError === undefined ? '' : ` after: ${lastError}`}`;
    }
    case 'called': {
      const after =
        calledAtMs !== undefined && decidedAtMs !== undefined
          ? `, ${formatMs(calledAtMs - decidedAtMs)} after the decision`
          : '';
      return `${way}: called${after}${reference === undefined ? '' : ` (${reference})`}`;
    }
    case 'failed':
      return `${way}: failed: ${lastError ?? 'no reason given'}`;
  }
}
