import type { ObjectiveStanding } from '#core/objective.ts';
import type { Outcome } from '#core/run.ts';
import { isSeenInPart, type CheckRow } from './check-row.ts';
import type { DeployTone } from './deploy-headline.ts';
import type { Tone } from './headline.ts';
import type { DeliveryView, IncidentView } from './incident-view.ts';
import type { LedgerStage } from './ledger.ts';
import type { MarkShape } from './mark.tsx';
import type { Cell, Standing } from './standing.ts';

/** What each state is called on the page, and the sign beside it. One table each, so that none can be forgotten. */
export const STANDING_WORDS: Record<Standing, { word: string; mark: MarkShape }> = {
  pass: { word: 'pass', mark: 'pass' },
  fail: { word: 'fail', mark: 'fail' },
  abstains: { word: 'abstains', mark: 'abstains' },
  expired: { word: 'no recent result', mark: 'blind' },
  waiting: { word: 'no result yet', mark: 'waiting' },
  silent: { word: 'silent', mark: 'blind' },
  never: { word: 'no result yet', mark: 'blind' },
};

/** What a notice has told of one region. */
export const TOLD_WORDS: Record<Cell['told'][number], string> = {
  'one-region': 'notice is out: fails alone, the others decide',
  invalid: 'notice is out: it measures nothing',
};

const VERDICT_WORDS: Record<CheckRow['verdict'], { word: string; mark: MarkShape }> = {
  up: { word: 'Up', mark: 'pass' },
  partial: { word: 'Partly failing', mark: 'warning' },
  regional: { word: 'Failing in one region', mark: 'warning' },
  down: { word: 'Down', mark: 'fail' },
  blind: { word: 'Blind', mark: 'blind' },
  unreadable: { word: 'Not readable', mark: 'blind' },
};

/** A check's verdict as it may be said: `Up` alone, and its green, only when every region has a vote. */
export function verdictWords(check: CheckRow): { word: string; mark: MarkShape } {
  if (!isSeenInPart(check)) return VERDICT_WORDS[check.verdict];
  return { word: `Up, seen from ${check.votes} of ${check.regions.length} regions`, mark: 'warning' };
}

export const OUTCOME_WORDS: Record<Outcome, { word: string; mark: MarkShape }> = {
  pass: { word: 'passed', mark: 'pass' },
  fail: { word: 'failed', mark: 'fail' },
  invalid: { word: 'invalid', mark: 'abstains' },
};

export const TONE_MARKS: Record<Tone, MarkShape> = {
  down: 'fail',
  warning: 'warning',
  blind: 'blind',
  up: 'pass',
};

export const DEPLOY_TONE_MARKS: Record<DeployTone, MarkShape> = { ...TONE_MARKS, running: 'waiting' };

export const RULE_WORDS: Record<IncidentView['rule'], string> = {
  unanimous: 'every live region fails',
  partial: 'many runs fail across regions',
  regional: 'two or more regions keep failing',
  latency: 'most regions have become slow',
  'break-glass': 'a probe paged by itself, as the hub was gone',
};

export const INCIDENT_WORDS: Record<IncidentView['status'], { word: string; mark: MarkShape }> = {
  open: { word: 'open', mark: 'fail' },
  recovered: { word: 'recovered', mark: 'waiting' },
  resolved: { word: 'resolved', mark: 'pass' },
};

/** What an incident is of, as far as the way of its page differs: the hub being blind, or a deploy, has no run. */
export type LedgerKind = 'failing' | 'slow' | 'blind' | 'deploy';

const FAILING_STAGES: Record<LedgerStage, string> = {
  firstFailedStart: 'First failed run began',
  overdue: 'Run overdue, told while it ran',
  runEnd: 'Run ended',
  received: 'Hub received it',
  burstAsked: 'Re-runs asked everywhere',
  decided: 'Decided to page',
  sent: 'Page sent',
  accepted: 'Accepted by a pager',
  acknowledged: 'Acknowledged',
};

/** What a stamp is called; one without a name is not shown. */
export const STAGE_WORDS: Record<LedgerKind, Partial<Record<LedgerStage, string>>> = {
  failing: FAILING_STAGES,
  slow: { ...FAILING_STAGES, firstFailedStart: 'Slow run began' },
  blind: {
    firstFailedStart: 'Enough regions last heard from',
    received: 'Found to be too few',
    decided: FAILING_STAGES.decided,
    sent: FAILING_STAGES.sent,
    accepted: FAILING_STAGES.accepted,
    acknowledged: FAILING_STAGES.acknowledged,
  },
  deploy: {
    decided: FAILING_STAGES.decided,
    sent: FAILING_STAGES.sent,
    accepted: FAILING_STAGES.accepted,
    acknowledged: FAILING_STAGES.acknowledged,
  },
};

/** How it became known that somebody has an incident: by the hub's own pages, or the channel that told. */
export function viaWords(via: string): string {
  if (via === 'operator') return 'on the operator’s page';
  if (via === 'pipeline') return 'by the pipeline';
  if (via === 'setting') return 'by the configuration, unattended';
  return via === 'link' ? 'by the link in a page' : `told by ${via}`;
}

/** Why a channel was told, where that is not plain. */
export const ROLE_WORDS: Record<DeliveryView['role'], string | undefined> = {
  page: undefined,
  fallback: 'fallback',
  escalation: 'escalation',
  notice: undefined,
};

export const EVENT_WORDS: Record<DeliveryView['event'], string> = {
  trigger: 'page',
  update: 'update',
  acknowledge: 'acknowledgement',
  resolve: 'resolve',
  notice: 'notice',
  change: 'change',
};

/** How an incident counts for the objective, where no time says it. */
export const OBJECTIVE_WORDS: Record<ObjectiveStanding, { word: string; mark: MarkShape }> = {
  kept: { word: 'in time', mark: 'pass' },
  missed: { word: 'never accepted', mark: 'fail' },
  waiting: { word: 'on its way', mark: 'waiting' },
  held: { word: 'held by maintenance', mark: 'abstains' },
  'break-glass': { word: 'by a probe itself', mark: 'abstains' },
  latency: { word: 'slow, not failing', mark: 'abstains' },
  covered: { word: 'told by another page', mark: 'abstains' },
};

/** Why an incident does not count, after a number; `undefined` of those that do. */
export const STANDING_NOTES: Record<ObjectiveStanding, string | undefined> = {
  kept: undefined,
  missed: undefined,
  waiting: 'on its way',
  held: 'held by maintenance',
  'break-glass': 'paged by a probe itself while the hub was gone',
  latency: 'slow without a failed run to count from',
  covered: 'told by the page of another incident',
};
