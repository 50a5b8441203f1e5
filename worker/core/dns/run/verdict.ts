import { MESSAGE_CHARS_MAX, type ProbeFailure, type TargetFailure } from '../../failure.ts';
import { truncate } from '../../units.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import { outcomeWords } from '../asking/outcome-words.ts';
import { answers } from '../aspects/resolvability/answers.ts';
import { controlFailure, controlMessage } from '../aspects/resolvability/control.ts';
import { sameName } from '../codec/name.ts';
import { typeName } from '../codec/registry.ts';
import { dnsFailureOf } from '../findings/dns-failure.ts';
import type { DnsEvidence } from '../findings/evidence.ts';
import { bounded, FINDINGS_MAX, isBad, worstFirst, type Finding } from '../findings/finding.ts';
import { isMeasured, isOwnAnswer } from '../measure/said.ts';
import type { Inquirer } from './inquirer.ts';
import { storedExchanges } from './stored-exchanges.ts';
import { summaryOf } from './summary.ts';

/** What a run of a DNS check came to. */
export type Judgement =
  | { outcome: 'pass'; failure?: undefined; evidence: DnsEvidence }
  | { outcome: 'fail'; failure: TargetFailure; evidence: DnsEvidence }
  | { outcome: 'invalid'; failure: ProbeFailure; evidence: DnsEvidence };

/** Errors that mean there was no way out of our own network, by Node's and libuv's names. */
const NO_WAY_OUT = /\b(ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EAI_AGAIN|EPERM|EACCES)\b/;

/**
 * Judges what was asked and answered. Only what the target's servers, or the resolvers it is watched through, really said or
 * left unsaid makes it fail; with nothing measured, or with a control name that does not resolve, it is our own fault. Without
 * an answer for every required type there is no pass, whatever the check looks at. `more`: what `verified` found, which needs
 * cryptography.
 */
export function judge(inquirer: Inquirer, more: readonly Finding[] = []): Judgement {
  const inquiry = inquirer.inquiry();
  const found = [...inquirer.findings(), ...more, ...leftOut(inquiry)];
  const own = ownFailure(inquiry);
  if (own) return { outcome: 'invalid', failure: own, evidence: evidenceOf(inquirer, found) };
  const all = found.some(isBad) ? found : [...found, ...unanswered(inquiry)];
  const failure = dnsFailureOf(all);
  const evidence = evidenceOf(inquirer, all);
  if (failure) return { outcome: 'fail', failure, evidence };
  const missing = inquiry.settings.types.find((type) => measuredOf(inquiry, type).length === 0);
  if (missing === undefined) return { outcome: 'pass', evidence };
  return { outcome: 'invalid', failure: notMeasured(inquiry, missing), evidence };
}

/** Why this run says nothing of the target at all. */
function ownFailure(inquiry: Inquiry): ProbeFailure | undefined {
  const control = controlFailure(inquiry);
  if (control)
    return { owner: 'probe', class: 'egress', message: truncate(controlMessage(control), MESSAGE_CHARS_MAX) };
  const [type] = inquiry.settings.types;
  if (type === undefined || inquiry.answered.some(isMeasured)) return undefined;
  return notMeasured(inquiry, type);
}

/** Nobody could be asked for a type: for want of a way out, of a transport or of time. */
function notMeasured(inquiry: Inquiry, type: number): ProbeFailure {
  const what = `${inquiry.settings.name} ${typeName(type)}`;
  const troubles = asked(inquiry, type).flatMap(({ exchange }) => exchange.trouble ?? []);
  const others = inquiry.answered.flatMap(({ exchange }) => exchange.trouble ?? []);
  const trouble = troubles[0] ?? others.find(({ probeFault }) => probeFault);
  const isOut = [...troubles, ...others].some(
    ({ message, probeFault }) => probeFault === true && NO_WAY_OUT.test(message),
  );
  const why = trouble
    ? `: ${trouble.message}`
    : inquiry.authorities || inquiry.settings.resolvers.length > 0
      ? ': the run ended before anybody was asked, or there is no transport to them from here'
      : ": no resolver is configured, and the zone's own servers were not found";
  return {
    owner: 'probe',
    class: isOut ? 'egress' : 'not-measurable',
    message: truncate(`${what} could not be measured${why}`, MESSAGE_CHARS_MAX),
  };
}

/** What the required types came to where that part of the check was left out. */
function leftOut(inquiry: Inquiry): Finding[] {
  return inquiry.settings.aspects.includes('resolvability') ? [] : answers.findings(inquiry).filter(isBad);
}

/** A required type that somebody was asked for and nobody answered, and that nothing else tells of. */
function unanswered(inquiry: Inquiry): Finding[] {
  const { name, types } = inquiry.settings;
  return types.flatMap((type): Finding[] => {
    const measured = measuredOf(inquiry, type);
    const [first] = measured;
    if (!first || measured.some((answered) => isOwnAnswer({ outcome: answered.outcome, answered })))
      return [];
    return [
      {
        id: 'A1',
        severity: 'fail',
        subject: typeName(type),
        message: `${name} ${typeName(type)} is answered by nobody: ${outcomeWords(first.outcome)}.`,
        outcome: first.outcome,
      },
    ];
  });
}

function asked({ settings, answered }: Inquiry, type: number): Answered[] {
  return answered.filter(({ query }) => query.type === type && sameName(query.name, settings.name));
}

function measuredOf(inquiry: Inquiry, type: number): Answered[] {
  return asked(inquiry, type).filter(isMeasured);
}

function evidenceOf(inquirer: Inquirer, found: readonly Finding[]): DnsEvidence {
  const inquiry = inquirer.inquiry();
  const findings = worstFirst(onceEach(found.map(bounded)));
  const dropped = findings.length - FINDINGS_MAX;
  const left = inquirer.left().length;
  return {
    name: inquiry.settings.name,
    findings: findings.slice(0, FINDINGS_MAX),
    ...(dropped > 0 ? { findingsDropped: dropped } : {}),
    ...(left > 0 ? { unasked: left } : {}),
    summary: summaryOf(inquiry),
    exchanges: storedExchanges(inquiry, findings),
  };
}

function onceEach(findings: readonly Finding[]): Finding[] {
  return [
    ...new Map(
      findings.map((finding) => [
        `${finding.id} ${finding.severity} ${finding.subject} ${finding.message}`,
        finding,
      ]),
    ).values(),
  ];
}
