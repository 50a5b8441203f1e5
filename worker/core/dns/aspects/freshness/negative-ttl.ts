import { authoritiesOf } from '../../asking/audience.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import { queriesTo } from '../../asking/question.ts';
import { isSubdomain } from '../../codec/name.ts';
import { RR_TYPES, typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { serverText } from '../../findings/telling.ts';
import type { Aspect } from '../aspect.ts';
import { randomName } from '../resolvability/absence.ts';

/** E2 for names that are made as people sign up: a quarter of an hour is what such a person waits (reference: dns, 1.3). */
const DYNAMIC_MAX_S = 900;

/** E2: for how long resolvers remember that a name is not there (RFC 2308 section 5), by the zone's own servers. */
export const negativeTtl: Aspect = {
  tasks: (inquiry) => {
    const name = randomName(inquiry);
    if (name === undefined) return [];
    const { servers, recursionDesired } = authoritiesOf(inquiry);
    return servers.flatMap((server) =>
      queriesTo(inquiry, { server, name, type: RR_TYPES.A, recursionDesired }).slice(0, 1),
    );
  },
  findings: negativeFindings,
};

function negativeFindings(inquiry: Inquiry): Finding[] {
  const { zone, settings } = inquiry;
  if (zone === undefined) return [];
  const urls = new Set(authoritiesOf(inquiry).servers.map(({ url }) => url));
  const negative = inquiry.answered.filter(
    ({ outcome, query }) =>
      (outcome === 'NODATA' || outcome === 'NXDOMAIN') &&
      // BIND denies an SOA with a TTL of 0, so that who looks for a zone's start asks anew (its option zero-no-soa-ttl).
      query.type !== RR_TYPES.SOA &&
      !query.recursionDesired &&
      urls.has(query.server.url) &&
      isSubdomain(query.name, zone),
  );
  const ttlsS = negative.flatMap((answered) => ttlOf(answered) ?? []);
  const found: Finding[] = [];
  const bare = negative.find((answered) => ttlOf(answered) === undefined);
  if (bare)
    found.push({
      id: 'E2',
      severity: 'warn',
      subject: bare.query.server.url,
      message: `${serverText(bare.query.server)} says that ${bare.query.name} has no ${typeName(bare.query.type)} without the zone's SOA: resolvers cannot remember it and ask every time (RFC 2308 section 5).`,
      outcome: bare.outcome,
    });
  if (ttlsS.length === 0) return found;
  const { negativeTtlMinS, negativeTtlMaxS } = settings.limits;
  const maxS = settings.dynamicNames ? Math.min(DYNAMIC_MAX_S, negativeTtlMaxS) : negativeTtlMaxS;
  const longestS = Math.max(...ttlsS);
  const shortestS = Math.min(...ttlsS);
  const told = (ttlS: number, limitS: number, why: string): Finding => ({
    id: 'E2',
    severity: 'warn',
    subject: zone,
    message: `That a name in ${zone} does not exist is remembered for ${ttlS} s: ${why}.`,
    figures: { ttlS, limitS },
  });
  if (longestS > maxS)
    found.push(
      told(
        longestS,
        maxS,
        settings.dynamicNames
          ? `a new name that somebody asked for too early is missing for more than ${maxS} s`
          : `a name that comes back is missing for more than ${maxS} s`,
      ),
    );
  if (shortestS < negativeTtlMinS)
    found.push(
      told(shortestS, negativeTtlMinS, `less than ${negativeTtlMinS} s, and asked again all the time`),
    );
  return found;
}

/** The lesser of the SOA's TTL and its MINIMUM; `undefined` without an SOA. */
function ttlOf({ message }: Answered): number | undefined {
  for (const { rdata, ttlS } of message?.authorities ?? [])
    if (rdata.kind === 'SOA') return Math.min(ttlS, rdata.minimumS);
  return undefined;
}
