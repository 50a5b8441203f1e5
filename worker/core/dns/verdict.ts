import type { TargetFailure, ProbeFailure } from '../failure.ts';
import type { DnsEvidence } from './evidence.ts';
import type { Inquirer } from './inquiry.ts';
import { storedExchanges } from './stored-exchanges.ts';
import { summaryOf } from './summary.ts';

/** What a run of a DNS check came to. */
export type Judgement =
  | { outcome: 'pass'; failure?: undefined; evidence: DnsEvidence }
  | { outcome: 'fail'; failure: TargetFailure; evidence: DnsEvidence }
  | { outcome: 'invalid'; failure: ProbeFailure; evidence: DnsEvidence };

/**
 * Judges what was asked and answered. Only what the target's servers, or the resolvers it is watched through, really said or
 * left unsaid makes it fail; with nothing measured, or with a control name that does not resolve, it is our own fault.
 */
export function judge(inquirer: Inquirer): Judgement {
  const inquiry = inquirer.inquiry();
  return {
    outcome: 'invalid',
    failure: { owner: 'probe', class: 'not-measurable', message: 'nothing was measured' },
    evidence: {
      name: inquiry.settings.name,
      findings: inquirer.findings(),
      summary: summaryOf(inquiry),
      exchanges: storedExchanges(inquiry, []),
    },
  };
}
