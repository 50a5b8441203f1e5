import { authoritiesOf, resolversOf, type Audience } from '../../asking/audience.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import { settled } from '../../asking/settled.ts';
import { canonicalRdata } from '../../codec/present.ts';
import { typeName } from '../../codec/registry.ts';
import { parseAddress } from '../../contract/ip.ts';
import { specialRange } from '../../contract/special-ranges.ts';
import type { Finding } from '../../findings/finding.ts';
import { grouped, listText, serverText } from '../../findings/telling.ts';
import { chainOf } from '../../measure/rrset.ts';
import { shareSeverity } from '../../measure/said.ts';
import { isIntranet } from '../../walk/roots.ts';
import type { Aspect } from '../aspect.ts';
import { addressTypes } from './samples.ts';
import { seenAddresses, type SeenAddress } from './seen-addresses.ts';

/**
 * Addresses that are not for the public Internet (RFC 6890), and records that stand twice in a set, which RFC 2181 section 5
 * does not allow (C6). Where every server asked is itself loopback or private, in a lab or an intranet, special addresses are
 * what such names have: information. One that resolvers alone give is theirs: half of them or more is a failure.
 */
export const special: Aspect = {
  tasks: () => [],
  findings: (inquiry) => [...rangeFindings(inquiry), ...repeatedFindings(inquiry)],
};

function rangeFindings(inquiry: Inquiry): Finding[] {
  const found = seenAddresses(inquiry).flatMap((seen) => {
    const address = parseAddress(seen.address);
    const range = address && specialRange(address);
    return range ? [{ seen, range }] : [];
  });
  const { name, resolvers } = inquiry.settings;
  return grouped(found, ({ seen, range }) => `${range.name}, ${range.source}|${isOwn(seen)}`).map(
    ({ items }) => {
      const [first] = items;
      const addresses = items.map(({ seen }) => seen.address).toSorted();
      const theirs = new Set(items.flatMap(({ seen }) => seen.resolvers.map(({ url }) => url)));
      const isZones = first !== undefined && isOwn(first.seen);
      const severity = isIntranet(inquiry)
        ? 'info'
        : isZones
          ? 'fail'
          : shareSeverity(theirs.size, resolvers.length);
      const who = isZones ? '' : ` by ${listText([...theirs])}, though the zone’s servers do not`;
      return {
        id: 'C6',
        severity,
        subject: addresses.length === 1 ? addresses.join('') : name,
        message: `${name} is answered with ${listText(addresses)}${who}: ${first?.range.name ?? ''} (${first?.range.source ?? ''}), which the public Internet cannot reach.`,
        figures: { addresses: addresses.length },
      };
    },
  );
}

/** Whether the zone itself says it, or nobody of the zone said anything. */
function isOwn({ authorities }: SeenAddress): boolean {
  return authorities.length > 0;
}

function repeatedFindings(inquiry: Inquiry): Finding[] {
  return [authoritiesOf(inquiry), resolversOf(inquiry)].flatMap((audience) => repeatedAt(inquiry, audience));
}

function repeatedAt(inquiry: Inquiry, { servers, recursionDesired }: Audience): Finding[] {
  const { name } = inquiry.settings;
  const repeats = servers.flatMap((server) =>
    addressTypes(inquiry).flatMap((type) => {
      const message = settled(inquiry, { server, name, type, recursionDesired }).answered?.message;
      const texts = message
        ? chainOf(message, name, type).records.map(({ rdata }) => canonicalRdata(rdata))
        : [];
      const twice = [...new Set(texts.filter((text, at) => texts.indexOf(text) !== at))];
      return twice.length > 0 ? [{ server, said: `${typeName(type)} ${listText(twice)}` }] : [];
    }),
  );
  const bad = new Set(repeats.map(({ server }) => server.url)).size;
  return grouped(repeats, ({ said }) => said).map(({ said, items }) => ({
    id: 'C6',
    severity: recursionDesired ? shareSeverity(bad, servers.length) : 'fail',
    subject: items.length === 1 ? (items[0]?.server.url ?? name) : name,
    message: `${name} has the same record more than once in one answer: ${said}, at ${listText(
      items.map(({ server }) => serverText(server)),
      3,
    )}.`,
  }));
}
