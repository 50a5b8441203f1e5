import { authoritiesOf, resolversOf } from '../../asking/audience.ts';
import { errorWords, isStaleCode } from '../../asking/extended-error.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import { typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { grouped, listText, serverText } from '../../findings/telling.ts';
import { chainOf } from '../../measure/rrset.ts';
import { allSaid, isOwnAnswer, type Said } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

/** The TTL that stale records are given (RFC 8767 section 4). */
const STALE_TTL_S = 30;

/** E4: resolvers that give what is older than its TTL because the zone's servers do not answer them. */
export const stale: Aspect = { tasks: firstQuestions, findings: staleFindings };

function staleFindings(inquiry: Inquiry): Finding[] {
  const { name, types } = inquiry.settings;
  return types.flatMap((type) => {
    const own = allSaid(inquiry, authoritiesOf(inquiry), name, type);
    const isDown = own.length > 0 && own.every((said) => !isOwnAnswer(said));
    const kept = allSaid(inquiry, resolversOf(inquiry), name, type).flatMap((said) => {
      const why = staleBy(said, isDown, type);
      return why === undefined ? [] : [{ said, why }];
    });
    return grouped(kept, ({ why }) => why).flatMap(({ said: why, items }) =>
      finding(
        items.map(({ said }) => said),
        type,
        why,
      ),
    );
  });
}

function staleBy({ outcome, answered }: Said, isDown: boolean, type: number): string | undefined {
  const error = answered.message?.opt?.extendedErrors.find(({ code }) => isStaleCode(code));
  const isGiven = outcome === 'ANSWER' || outcome === 'NODATA' || outcome === 'NXDOMAIN';
  if (error && isGiven) return errorWords(error);
  const ttlS = isDown && outcome === 'ANSWER' ? longestTtl(answered, type) : undefined;
  // Without the extended error only this is left to go by; it may also be the last seconds of a fresh answer.
  return ttlS !== undefined && ttlS <= STALE_TTL_S
    ? `a TTL of ${ttlS} s while no server of the zone answers`
    : undefined;
}

function longestTtl({ message, query }: Answered, type: number): number | undefined {
  if (!message) return undefined;
  const { records } = chainOf(message, query.name, type);
  return records.length === 0 ? undefined : Math.max(...records.map(({ ttlS }) => ttlS));
}

function finding(kept: readonly Said[], type: number, why: string): Finding[] {
  const [first] = kept;
  if (!first) return [];
  const [gives, its, it, forgets] =
    kept.length === 1
      ? ['gives', 'its cache', 'it', 'it forgets']
      : ['give', 'their caches', 'they', 'they forget'];
  return [
    {
      id: 'E4',
      severity: 'warn',
      subject: kept.map(({ server }) => server.url).join(', '),
      message: `${listText(kept.map(({ server }) => serverText(server)))} ${gives} ${first.answered.query.name} ${typeName(type)} out of ${its} though it has expired (${why}): ${it} cannot reach the zone's servers, and when ${forgets}, the name is gone.`,
      outcome: first.outcome,
      figures: { resolvers: kept.length },
    },
  ];
}
