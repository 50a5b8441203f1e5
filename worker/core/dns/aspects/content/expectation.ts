import type { Expectation } from '../../../checks/dns.ts';
import { authoritiesOf, resolversOf, type Audience } from '../../asking/audience.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import type { Server } from '../../asking/server.ts';
import { settled } from '../../asking/settled.ts';
import { RR_TYPES, typeName } from '../../codec/registry.ts';
import type { AssertionId, Finding, FindingSeverity } from '../../findings/finding.ts';
import { grouped, listText, serverText } from '../../findings/telling.ts';
import { chainOf } from '../../measure/rrset.ts';
import { isMeasured, isOwnAnswer, shareSeverity } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';
import { comparable, deviation } from './expected-set.ts';

/** Types whose expectation is C9; that of the others is C1. */
const C9_TYPES: ReadonlySet<number> = new Set([RR_TYPES.CAA, RR_TYPES.MX, RR_TYPES.TXT]);

/**
 * Whether the records are what `expect` says (C1; C9 for CAA, MX and TXT), at every server of the zone and every resolver. With
 * a declared rotation an answer is a part: it may lack records, and the hub tells whether the whole pool is seen. A resolver
 * may still have what was right before: unless the zone's servers deviate too, one of many is a warning.
 */
export const expectation: Aspect = {
  tasks: (inquiry) =>
    [...inquiry.settings.expect.keys()].flatMap((type) =>
      audiences(inquiry).flatMap((audience) => answersTo(inquiry, audience, type).tasks),
    ),
  findings: (inquiry) =>
    [...inquiry.settings.expect].flatMap(([type, expected]) => typeFindings(inquiry, type, expected)),
};

function audiences(inquiry: Inquiry): Audience[] {
  return [authoritiesOf(inquiry), resolversOf(inquiry)];
}

type Given = { server: Server; records: string[] };

/** What each says there is; nothing of one that did not say, which other assertions tell. */
function answersTo(inquiry: Inquiry, { servers, recursionDesired }: Audience, type: number) {
  const { name } = inquiry.settings;
  const puts = servers.map((server) => ({
    server,
    ...settled(inquiry, { server, name, type, recursionDesired }),
  }));
  const given = puts.flatMap(({ server, answered }): Given[] => {
    const records = answered && recordsOf(answered);
    return records ? [{ server, records }] : [];
  });
  return { tasks: puts.flatMap(({ tasks }) => tasks), given };
}

function recordsOf(answered: Answered): string[] | undefined {
  const { message, outcome, query } = answered;
  if (!message || message.truncated || !isMeasured(answered)) return undefined;
  if (outcome === 'NODATA' || outcome === 'NXDOMAIN') return [];
  // An alias that the zone's own server does not follow: only who resolves knows what is there.
  if (outcome === 'DANGLING_CNAME') return isOwnAnswer({ outcome, answered }) ? undefined : [];
  if (outcome !== 'ANSWER') return undefined;
  return chainOf(message, query.name, query.type).records.map(({ rdata }) => comparable(rdata));
}

function typeFindings(inquiry: Inquiry, type: number, expected: Expectation): Finding[] {
  const isPart = inquiry.settings.rotation !== undefined && (type === RR_TYPES.A || type === RR_TYPES.AAAA);
  const judged = audiences(inquiry).map((audience) => {
    const { given } = answersTo(inquiry, audience, type);
    const wrong = given.flatMap(({ server, records }) => {
      const said = deviation(records, type, expected, isPart);
      return said === undefined ? [] : [{ server, said }];
    });
    return { given, wrong };
  });
  const [own, resolved] = judged;
  if (!own || !resolved) return [];
  const resolvedSeverity =
    own.wrong.length === 0 ? shareSeverity(resolved.wrong.length, resolved.given.length) : 'fail';
  return [
    ...deviationFindings(inquiry, type, own, 'fail', 'servers of the zone'),
    // A resolver that repeats what the zone says adds nothing to it.
    ...deviationFindings(
      inquiry,
      type,
      {
        ...resolved,
        wrong: resolved.wrong.filter(({ said }) => own.wrong.every((one) => one.said !== said)),
      },
      resolvedSeverity,
      'resolvers',
    ),
  ];
}

function deviationFindings(
  { settings }: Inquiry,
  type: number,
  { given, wrong }: { given: readonly Given[]; wrong: readonly { server: Server; said: string }[] },
  severity: FindingSeverity,
  whose: string,
): Finding[] {
  const id: AssertionId = C9_TYPES.has(type) ? 'C9' : 'C1';
  return grouped(wrong, ({ said }) => said).map(({ said, items }) => {
    const isAll = items.length === given.length && items.length > 1;
    const who = isAll
      ? `all ${items.length} ${whose}`
      : listText(
          items.map(({ server }) => serverText(server)),
          3,
        );
    return {
      id,
      severity,
      subject: items.length === 1 ? (items[0]?.server.url ?? typeName(type)) : typeName(type),
      message: `${settings.name} ${typeName(type)} at ${who} ${said}.`,
      figures: { deviating: items.length, asked: given.length },
    };
  });
}
