import { authoritiesOf } from '../../asking/audience.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import type { Rr } from '../../codec/message.ts';
import { typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { serverText } from '../../findings/telling.ts';
import { chainOf } from '../../measure/rrset.ts';
import { allSaid, isOwnAnswer } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

/** E1: TTLs as the zone's own servers give them; a resolver's count down and say nothing of the zone. */
export const ttl: Aspect = {
  tasks: firstQuestions,
  findings: (inquiry) => inquiry.settings.types.flatMap((type) => typeFindings(inquiry, type)),
};

function typeFindings(inquiry: Inquiry, type: number): Finding[] {
  const { name, limits } = inquiry.settings;
  const seen = allSaid(inquiry, authoritiesOf(inquiry), name, type).flatMap((said) => {
    const { message } = said.answered;
    if (!message || !isOwnAnswer(said)) return [];
    const { aliases, records } = chainOf(message, name, type);
    return [{ server: said.server, records, ttlsS: [...aliases, ...records].map(({ ttlS }) => ttlS) }];
  });
  const lowestS = Math.min(...seen.flatMap(({ ttlsS }) => ttlsS));
  const all = seen.map(({ ttlsS }) => Math.min(...ttlsS));
  const subject = typeName(type);
  const found: Finding[] = [];
  if (all.length === 0) return found;
  // Servers may differ while a change spreads: the longest is what somebody may still wait for.
  const longestS = Math.max(...all);
  const { ttlFailMaxS, ttlWarnMaxS, ttlWarnMinS } = limits;
  const told = (severity: 'warn' | 'fail', ttlS: number, limitS: number, why: string): Finding => ({
    id: 'E1',
    severity,
    subject,
    message: `${name} ${subject} may be kept for ${ttlS} s: ${why}.`,
    figures: { ttlS, limitS },
  });
  if (ttlFailMaxS !== undefined && longestS > ttlFailMaxS)
    found.push(told('fail', longestS, ttlFailMaxS, `it must be able to move within ${ttlFailMaxS} s`));
  else if (longestS > ttlWarnMaxS)
    found.push(
      told('warn', longestS, ttlWarnMaxS, `a change takes longer than ${ttlWarnMaxS} s to reach everybody`),
    );
  if (lowestS < ttlWarnMinS)
    found.push(
      told('warn', lowestS, ttlWarnMinS, `less than ${ttlWarnMinS} s, resolvers ask again all the time`),
    );
  const uneven = seen.find(({ records }) => new Set(records.map(({ ttlS }) => ttlS)).size > 1);
  if (uneven) found.push(unequal(name, subject, uneven.records, serverText(uneven.server)));
  return found;
}

function unequal(name: string, type: string, records: readonly Rr[], server: string): Finding {
  const ttlsS = records.map(({ ttlS }) => ttlS);
  const minS = Math.min(...ttlsS);
  const maxS = Math.max(...ttlsS);
  return {
    id: 'E1',
    severity: 'warn',
    subject: type,
    message: `${server} gives the records of ${name} ${type} TTLs from ${minS} to ${maxS} s; one set has one TTL (RFC 2181 section 5.2), and resolvers take the least.`,
    figures: { minS, maxS },
  };
}
