import { controlQueries } from '../../asking/first-questions.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import { outcomeWords } from '../../asking/outcome-words.ts';
import type { Finding } from '../../findings/finding.ts';
import { serverText } from '../../findings/telling.ts';
import { isMeasured } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

/**
 * A9: the control name, which tells our own way out from the target. It is asked of every run that has one. The root's and the
 * parent's servers are controls as well: where they do not reply either, it is our own network that lets nothing through.
 */
export const control: Aspect = {
  tasks: controlQueries,
  findings: (inquiry) => [...(controlFinding(inquiry) ?? []), ...shutFindings(inquiry)],
};

function shutFindings({ shut }: Inquiry): Finding[] {
  if (!shut || shut.direct.length === 0) return [];
  const ways = shut.direct.map((transport) => transport.toUpperCase()).join(' and ');
  return [
    {
      id: 'A9',
      severity: 'warn',
      subject: ways,
      message: `The servers of the root and of the zone's parent do not reply over ${ways} either: our own network lets nothing through there, and what was asked so does not count.`,
    },
  ];
}

/** The control name's failure; `undefined` when it resolves over any transport, or could not be asked from here. */
export function controlFailure(inquiry: Inquiry): Answered | undefined {
  const said = controlQueries(inquiry).flatMap((query) => inquiry.find(query) ?? []);
  if (said.some(({ outcome }) => outcome === 'ANSWER')) return undefined;
  // A network we cannot leave is just what the control is there to show.
  return said.find((answered) => isMeasured(answered) || answered.exchange.trouble?.probeFault === true);
}

/** What the failure of the control name means, in a sentence. */
export function controlMessage({ query, outcome }: Answered): string {
  return `The control name ${query.name} does not resolve through ${serverText(query.server)}: ${outcomeWords(outcome)}. What this run says of the target does not count.`;
}

function controlFinding(inquiry: Inquiry): Finding[] | undefined {
  const failure = controlFailure(inquiry);
  return (
    failure && [
      {
        id: 'A9',
        severity: 'warn',
        subject: failure.query.name,
        message: controlMessage(failure),
        outcome: failure.outcome,
      },
    ]
  );
}
