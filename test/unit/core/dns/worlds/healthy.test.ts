import { describe, expect, test } from 'vitest';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import { isBad } from '#core/dns/findings/finding.ts';
import { NODE, SILENT, WORKER, WORLD_MS, type Quirk } from '#test/fixtures/dns/world.ts';
import { withError } from '../a-resolved-zone.ts';
import { judgedIn, NS1, NS2, PORTAL_ZONE, R1, R2, R3, TLD_ZONE, type Site } from './internet.ts';
import {
  atServers,
  chain,
  everywhere,
  failing,
  FOUR_SERVERS,
  gives,
  INTRANET,
  lost,
  NS3,
  nthOverUdp,
  over,
  REFUSES,
  rewrites,
  rotating,
  SERVFAILS,
  signed,
  silent,
  unlessUnchecked,
  WITH_IPV6,
  withRecords,
  withWww,
} from './sites.ts';

const NO_IPV6 = { class: 'NOT_MEASURABLE', message: 'connect ENETUNREACH', probeFault: true } as const;
const NO_SOCKETS = {
  class: 'CONNECT_FAILED_OR_BLOCKED',
  message: 'proxy request failed',
  probeFault: true,
} as const;
const isIpv6 = ({ server }: { server: { host: string } }) => server.host.includes(':');
const CDN = { zone: withWww('www 300 IN CNAME edge.cdn.net.\n') };
const LISTED = { allowList: { urls: ['https://portal.com/ip-ranges.json'] } };

/** A DNAME and the alias that a server makes of it; resolvers add the target's address. */
const dname: Quirk = ({ name, type, recursionDesired }, usual) =>
  name.endsWith('.old.portal.com')
    ? {
        ...usual,
        rcode: RCODE.NOERROR,
        authorities: [],
        answers: [
          {
            name: 'old.portal.com',
            type: RR_TYPES.DNAME,
            ttlS: 300,
            rdata: { kind: 'DNAME', target: 'cdn.net' },
          },
          { name, type: RR_TYPES.CNAME, ttlS: 300, rdata: { kind: 'CNAME', target: 'www.cdn.net' } },
          ...(recursionDesired && type === RR_TYPES.A
            ? [
                {
                  name: 'www.cdn.net',
                  type,
                  ttlS: 60,
                  rdata: { kind: 'A' as const, address: '45.77.1.1' },
                },
              ]
            : []),
        ],
      }
    : undefined;

const HTTP_503 = { class: 'HTTP_STATUS', message: 'HTTP 503' } as const;
const WRONG_NAME = { class: 'TLS_FAIL', message: 'the certificate is not for this name' } as const;

const lateAt =
  (url: string, exchangeMs: number): NonNullable<Site['way']> =>
  ({ server }, exchange) =>
    server.url === url ? { ...exchange, exchangeMs } : exchange;

const endingTomorrow =
  (url: string): NonNullable<Site['way']> =>
  ({ server }, exchange) =>
    server.url === url
      ? { ...exchange, tls: { protocol: 'TLSv1.3', validToMs: WORLD_MS + 86_400_000 } }
      : exchange;

/** A world where nobody is to be woken, and what is warned of there: from a probe, and where it differs from a Worker. */
type Healthy = [title: string, site: Site, warned?: string[], fromWorker?: string[]];

const ZONES: Healthy[] = [
  ['two servers', {}],
  ['four servers', FOUR_SERVERS],
  ['an alias to a CDN', CDN],
  ['an alias to a CDN, both families required', { ...CDN, input: { types: ['A', 'AAAA'] } }],
  ['a chain of three over two zones', { zone: withWww('www 300 IN CNAME a.cdn.net.\n') }],
  [
    'an alias into a delegated zone below',
    {
      zone: withWww('www 300 IN CNAME lb.eu.portal.com.\neu 300 IN NS ns1.cdn.net.\n'),
      others: [
        '$ORIGIN eu.portal.com.\n@ 60 IN SOA ns1.cdn.net. h 1 3600 900 604800 60\n@ 60 IN NS ns1.cdn.net.\nlb 60 IN A 45.77.9.9\n',
      ],
    },
  ],
  [
    'a chain of six at a server that follows five',
    {
      zone: withWww(`${chain(6)}w6 300 IN A 45.76.1.1\n`),
      quirks: atServers((_query, usual) =>
        (usual.answers?.length ?? 0) > 5
          ? { ...usual, answers: usual.answers?.slice(0, 5) ?? [] }
          : undefined,
      ),
    },
    ['B13'],
  ],
  [
    'DNAME',
    {
      zone: withRecords('old 300 IN TXT "moved"\n'),
      quirks: everywhere(dname),
      input: { name: 'www.old.portal.com' },
    },
  ],
  ['a wildcard', { zone: withRecords('* 300 IN A 45.76.1.1\n') }, ['A8']],
  ['a wildcard that is an alias to a CDN', { zone: withRecords('* 300 IN CNAME edge.cdn.net.\n') }, ['A8']],
  ['a name of IPv6 alone', { zone: withWww('www 300 IN AAAA 2a00:1450::5\n'), input: { types: ['AAAA'] } }],
  [
    'an apex with large TXT and much mail',
    {
      zone: withRecords(
        `@ 600 IN TXT "${'a'.repeat(250)}" "${'b'.repeat(200)}"\n@ 600 IN TXT "${'c'.repeat(200)}"\n${[1, 2, 3, 4, 5, 6, 7].map((at) => `@ 600 IN MX ${at} aspmx${at}.mail.example.\n`).join('')}`,
      ),
      input: { name: 'portal.com', types: ['A', 'MX'] },
    },
    ['B14'],
  ],
  ['a TXT that is required', { zone: withRecords('www 300 IN TXT "hello"\n'), input: { types: ['TXT'] } }],
  ['a load balancer’s TTL', { zone: withWww('www 20 IN A 45.76.1.1\n') }, ['E1']],
  ['a TTL of a day', { zone: withWww('www 86400 IN A 45.76.1.1\n') }, ['E1']],
  [
    'servers of both families',
    { ...WITH_IPV6, servers: [NS1, NS2, 'dns://[2a07:a8c0::1]', 'dns://[2a07:a8c1::1]'] },
  ],
];

const ANSWERS: Healthy[] = [
  [
    'records in another order each time',
    {
      quirks: (() => {
        let at = 0;
        return everywhere((_query, usual) =>
          (at += 1) % 2 ? { ...usual, answers: usual.answers?.toReversed() ?? [] } : undefined,
        );
      })(),
    },
  ],
  ['a declared rotation', { quirks: everywhere(rotating(8, 40)), input: { rotation: { addresses: 40 } } }],
  [
    'a rotation that is not declared',
    { quirks: everywhere(rotating(1, 5)) },
    ['A5', 'A6', 'C2', 'F2', 'F3'],
    ['A5', 'A6', 'C2', 'F2'],
  ],
  [
    'a change that has not reached all servers',
    { zones: { [NS2]: PORTAL_ZONE.replace('45.76.1.2\n', '45.76.1.5\n') } },
    ['D5'],
  ],
  [
    'answers by place',
    { quirks: { [NS1]: gives('45.76.1.1'), [R1]: gives('45.76.1.3') }, input: { differsByRegion: true } },
  ],
  [
    'answers by place that are not declared',
    { quirks: { [R1]: gives('45.76.1.3'), [R2]: gives('45.76.1.4'), [R3]: gives('45.76.1.5') } },
    ['A6'],
  ],
];

const SIGNED: Healthy[] = [
  ['signed', signed()],
  ['signed, with resolvers that do not validate', { ...signed(), validates: false }, ['E9']],
  ['signed anew on every answer for two days', signed('20261120100000', '20261122130000')],
  ['signed anew on every answer for one day', signed('20261121010000', '20261122010000')],
  ['signed by a clock that is three minutes ahead of ours', signed('20261121120300', '20261123120000')],
  ['signed, and its parent does not know', { ...signed(), tld: TLD_ZONE }],
];

const SERVERS: Healthy[] = [
  [
    'servers that drop unknown opcodes and the class CHAOS',
    { quirks: atServers(({ opcode, class: rrClass }) => (opcode || rrClass === 3 ? SILENT : undefined)) },
    ['B10'],
    [],
  ],
  [
    'servers that drop other versions of EDNS',
    { quirks: atServers(({ edns }) => (edns?.version ? SILENT : undefined)) },
    ['B10'],
    [],
  ],
  [
    'one of four slow',
    {
      ...FOUR_SERVERS,
      way: ({ server }, exchange) => (server.url === NS3 ? { ...exchange, exchangeMs: 900 } : exchange),
    },
    ['E6'],
  ],
  ['one of four dead', { ...FOUR_SERVERS, quirks: { [NS3]: silent } }, ['A2', 'D3'], ['A2']],
  ['one of four without TCP', { ...FOUR_SERVERS, quirks: { [NS3]: over('tcp', silent) } }, ['A2']],
  [
    'a packet lost here and there',
    { way: nthOverUdp(2, (exchange) => ({ ...exchange, tries: 2, exchangeMs: 1_005 })) },
  ],
  [
    'servers that are declared for TCP alone',
    {
      servers: ['tcp://45.90.28.1', 'tcp://45.90.30.1'],
      input: { authorities: ['tcp://45.90.28.1', 'tcp://45.90.30.1'] },
    },
  ],
  [
    'BIND, which denies an SOA for 0 s',
    {
      input: { authorities: [NS1, NS2] },
      quirks: atServers(({ type }, usual) =>
        type === RR_TYPES.SOA && !usual.answers?.length
          ? { ...usual, authorities: (usual.authorities ?? []).map((record) => ({ ...record, ttlS: 0 })) }
          : undefined,
      ),
    },
  ],
];

const RESOLVERS: Healthy[] = [
  ['none', { resolvers: [] }],
  ['DoH alone', { resolvers: [R2, 'https://dns.quad9.net/dns-query'] }],
  ['one of three dead', { quirks: { [R1]: silent } }, ['A2', 'A6'], ['A2']],
  ['one of three that refuses us', { quirks: { [R1]: REFUSES } }, ['A6']],
  ['one of three that rewrites', { quirks: { [R1]: rewrites } }, ['A8']],
  [
    'one of three that denies',
    { quirks: { [R1]: withError(15, 'blocked', failing(RCODE.NXDOMAIN)) } },
    ['A4', 'A6'],
  ],
  [
    'one of three that filters',
    {
      quirks: { [R1]: withError(17, 'filtered', gives('0.0.0.0')) },
      ranges: ['45.76.0.0/16'],
      input: { ...LISTED, expect: { A: { exact: ['45.76.1.1', '45.76.1.2'] } } },
    },
    ['A4', 'A6', 'C1', 'C3', 'C6'],
  ],
  [
    'one of three that gives an address nobody was promised',
    { quirks: { [R1]: gives('92.242.140.2') }, ranges: ['45.76.0.0/16'], input: LISTED },
    ['A6', 'C3'],
  ],
  [
    'the same of an alias to a CDN',
    { ...CDN, quirks: { [R1]: gives('92.242.140.2') }, ranges: ['45.77.0.0/16'], input: LISTED },
    ['A6', 'C3'],
  ],
  [
    'one of three that validates by a wrong clock',
    { ...signed(), quirks: { [R1]: unlessUnchecked(withError(7, 'signature expired', SERVFAILS)) } },
    ['A4', 'A6', 'E9'],
  ],
  ['one of three slow', { way: lateAt(R2, 1_200) }, ['E6']],
  [
    'one of three behind an HTTP error',
    { way: lost(({ server }) => server.url === R2, HTTP_503) },
    ['A2', 'A6', 'F2'],
  ],
  [
    'one of three with another one’s certificate',
    { way: lost(({ server }) => server.url === R3, WRONG_NAME) },
    ['A2', 'A6', 'F1'],
  ],
  ['one of three with a certificate that ends tomorrow', { way: endingTomorrow(R3) }, ['F1']],
  [
    'one of three that truncates and has no TCP',
    {
      quirks: {
        [R1]: ({ transport }, usual) =>
          transport === 'tcp' ? SILENT : { ...usual, truncated: true, answers: [] },
      },
    },
    ['A2', 'A6', 'B7'],
    ['A2'],
  ],
  [
    'one of three that says things twice',
    { quirks: { [R1]: gives('45.76.1.1', '45.76.1.1', '45.76.1.2') } },
    ['C6'],
  ],
  [
    'one of three that gives another address for an alias to a CDN',
    { ...CDN, quirks: { [R1]: gives('92.242.140.2') }, input: { expect: { A: { exact: ['45.77.1.1'] } } } },
    ['A6', 'C1'],
  ],
];

const VANTAGES: Healthy[] = [
  ['without IPv6, which it is told', { ...WITH_IPV6, way: lost(isIpv6, NO_IPV6) }],
  ['without IPv6, which is silent', WITH_IPV6],
  [
    'without IPv6, of a zone whose IPv6 server is declared',
    { input: { authorities: [NS1, NS2, 'dns://[2a07:a8c0::1]'] }, way: lost(isIpv6, NO_IPV6) },
  ],
  ['whose UDP nobody replies to', { way: lost(({ transport }) => transport === 'udp', SILENT) }, ['A9'], []],
  [
    'whose UDP nobody replies to, with DoH alone',
    { resolvers: [R2], way: lost(({ transport }) => transport === 'udp', SILENT) },
    ['A9'],
    [],
  ],
  [
    'whose TCP nobody replies to',
    { way: lost(({ transport }) => transport === 'tcp', SILENT) },
    ['A9'],
    ['A2', 'A9'],
  ],
  [
    'that may ask resolvers alone',
    { way: lost(({ server }) => ![R1, R2, R3].includes(server.url), SILENT) },
    ['A9'],
  ],
  [
    'that can connect nowhere, with DoH alone',
    { resolvers: [R2], way: lost(({ transport }) => transport !== 'https', NO_SOCKETS) },
  ],
  ['in an intranet', INTRANET],
  [
    'in an intranet with DoH',
    { ...INTRANET, resolvers: ['dns://10.0.0.53', 'https://dns.portal.com/dns-query'] },
  ],
];

describe.each([
  ['zones', ZONES],
  ['answers', ANSWERS],
  ['signed zones', SIGNED],
  ['name servers', SERVERS],
  ['resolvers', RESOLVERS],
  ['a vantage', VANTAGES],
])('%s', (_kind, worlds) => {
  describe.each([NODE, WORKER])('from a $kind', (vantage) => {
    test.each(worlds)('%s', async (_title, site, warned = [], fromWorker = warned) => {
      const { outcome, failure, evidence } = await judgedIn(site, vantage);
      expect({ outcome, failure }).toEqual({ outcome: 'pass', failure: undefined });
      expect(evidence.findings.filter(isBad)).toEqual([]);
      // D6: none but two of these zones have IPv6 servers.
      const warnings = evidence.findings.filter(({ id, severity }) => severity === 'warn' && id !== 'D6');
      const ids = [...new Set(warnings.map(({ id }) => id))].toSorted();
      expect(ids).toEqual(vantage === WORKER ? fromWorker : warned);
    });
  });
});
