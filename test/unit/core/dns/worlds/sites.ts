import type { Query, QueryExchange, Trouble } from '#core/dns/asking/exchange.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import { SILENT, type Quirk } from '#test/fixtures/dns/world.ts';
import { DS, SIGNED_ZONE } from '../dnssec/signed-example.ts';
import { NS1, NS2, PORTAL_ZONE, R1, R2, R3, TLD_ZONE, type Site } from './internet.ts';

export const WITHOUT_WWW = PORTAL_ZONE.replaceAll(/^www .*\n/gm, '');

/** The portal's zone with more records, or with others for `www`. */
export const withRecords = (records: string): string => PORTAL_ZONE + records;
export const withWww = (records: string): string => WITHOUT_WWW + records;

/** So many addresses of `www`. */
export const addresses = (count: number): string =>
  Array.from({ length: count }, (_, at) => `www 300 IN A 45.80.3.${at}\n`).join('');

/** So many aliases from `www` to `w1` and on. */
export const chain = (count: number): string =>
  Array.from({ length: count }, (_, at) => `${at === 0 ? 'www' : `w${at}`} 300 IN CNAME w${at + 1}\n`).join(
    '',
  );

export const NS3 = 'dns://45.90.32.1';
export const NS4 = 'dns://45.90.34.1';

export const FOUR_SERVERS: Site = {
  servers: [NS1, NS2, NS3, NS4],
  zone: withRecords(`@ 600 IN NS ns3
@ 600 IN NS ns4
ns3 600 IN A 45.90.32.1
ns4 600 IN A 45.90.34.1
`),
  tld: `${TLD_ZONE}portal 86400 IN NS ns3.portal
portal 86400 IN NS ns4.portal
ns3.portal 86400 IN A 45.90.32.1
ns4.portal 86400 IN A 45.90.34.1
`,
};

export const WITH_IPV6: Site = {
  zone: withRecords('ns1 600 IN AAAA 2a07:a8c0::1\nns2 600 IN AAAA 2a07:a8c1::1\n'),
  tld: `${TLD_ZONE}ns1.portal 86400 IN AAAA 2a07:a8c0::1\nns2.portal 86400 IN AAAA 2a07:a8c1::1\n`,
};

/** All of it on 10.0.0.0/8. */
export const INTRANET: Site = {
  zone: PORTAL_ZONE.replaceAll(/45\.\d+\./g, '10.1.'),
  servers: ['dns://10.1.28.1', 'dns://10.1.30.1'],
  resolvers: ['dns://10.0.0.53'],
  input: { roots: undefined },
};

export const SIGNED_TLD = `${TLD_ZONE}${DS.replace('example', 'portal')}\n`;

/** The portal's zone with signatures of these times, as `20261114120000`, that resolvers validate by their tags. */
export function signed(from = '20261114120000', to = '20261212120000'): Site {
  const zone = SIGNED_ZONE.replaceAll('20261212120000', to)
    .replaceAll('20261114120000', from)
    .replaceAll('example.test', 'portal.com')
    .replaceAll('198.51.100.', '45.76.1.')
    .replaceAll('127.0.0.4', '45.90.28.1')
    .replaceAll('127.0.0.5', '45.90.30.1');
  return { zone, tld: SIGNED_TLD, validates: true };
}

export const silent: Quirk = () => SILENT;
export const SERVFAILS = failing(RCODE.SERVFAIL);
export const REFUSES = failing(RCODE.REFUSED);

export function failing(rcode: number): Quirk {
  return (_query, usual) => ({ ...usual, rcode, answers: [], authorities: [] });
}

export function over(transport: Query['transport'], quirk: Quirk): Quirk {
  return (query, usual) => (query.transport === transport ? quirk(query, usual) : undefined);
}

/** What a validating resolver says of a zone that it cannot validate. */
export function unlessUnchecked(quirk: Quirk): Quirk {
  return (query, usual) => (query.checkingDisabled ? undefined : quirk(query, usual));
}

export const atServers = (quirk: Quirk): Record<string, Quirk> => ({ [NS1]: quirk, [NS2]: quirk });
export const atResolvers = (quirk: Quirk): Record<string, Quirk> => ({
  [R1]: quirk,
  [R2]: quirk,
  [R3]: quirk,
});
export const everywhere = (quirk: Quirk): Record<string, Quirk> => ({
  ...atServers(quirk),
  ...atResolvers(quirk),
});

/** These addresses, whatever the zone says. */
export function gives(...texts: string[]): Quirk {
  return (query, usual) =>
    query.name === 'www.portal.com' && query.type === RR_TYPES.A
      ? {
          ...usual,
          rcode: RCODE.NOERROR,
          authorities: [],
          answers: texts.map((address) => ({
            name: query.name,
            type: RR_TYPES.A,
            ttlS: 60,
            rdata: { kind: 'A', address },
          })),
        }
      : undefined;
}

/** Each time the next `count` of a pool of so many. */
export function rotating(count: number, pool: number): Quirk {
  let at = 0;
  return (query, usual) => {
    at += 1;
    const texts = Array.from({ length: count }, (_, n) => `45.76.9.${(at * 7 + n) % pool}`);
    return gives(...texts)(query, usual);
  };
}

/** An advertisement where there is no such name. */
export const rewrites: Quirk = (query, usual) =>
  usual.rcode === RCODE.NXDOMAIN && query.type === RR_TYPES.A
    ? {
        ...usual,
        rcode: RCODE.NOERROR,
        authorities: [],
        answers: [
          { name: query.name, type: RR_TYPES.A, ttlS: 60, rdata: { kind: 'A', address: '92.242.140.2' } },
        ],
      }
    : undefined;

/** Records of another name, and nothing else. */
export const garbles: Quirk = (_query, usual) => ({
  ...usual,
  answers: [
    { name: 'other.portal.com', type: RR_TYPES.A, ttlS: 1, rdata: { kind: 'A', address: '45.1.1.1' } },
  ],
  authorities: [],
});

/** What becomes of questions of one kind on their way. */
export function lost(is: (query: Query) => boolean, trouble: Trouble): NonNullable<Site['way']> {
  return (query, exchange) =>
    is(query) ? { task: query, atMs: 0, exchangeMs: 3_000, tries: 3, trouble } : exchange;
}

/** Something that happens to the nth question over UDP at each server. */
export function nthOverUdp(nth: number, what: (exchange: QueryExchange) => QueryExchange): Site['way'] {
  const asked = new Map<string, number>();
  return (query, exchange) => {
    if (query.transport !== 'udp') return exchange;
    const count = (asked.get(query.server.url) ?? 0) + 1;
    asked.set(query.server.url, count);
    return count === nth ? what(exchange) : exchange;
  };
}
