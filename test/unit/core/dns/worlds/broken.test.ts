import { describe, expect, test } from 'vitest';
import { isBad } from '#core/dns/findings/finding.ts';
import { NODE, WORKER } from '#test/fixtures/dns/world.ts';
import { withError } from '../a-resolved-zone.ts';
import { judgedIn, NS1, NS2, PORTAL_ZONE, R1, R2, TLD_ZONE, type Site } from './internet.ts';
import {
  addresses,
  atResolvers,
  atServers,
  chain,
  everywhere,
  FOUR_SERVERS,
  garbles,
  gives,
  NS3,
  over,
  REFUSES,
  rewrites,
  SERVFAILS,
  signed,
  SIGNED_TLD,
  silent,
  unlessUnchecked,
  withRecords,
  withWww,
} from './sites.ts';

const LISTED = { allowList: { urls: ['https://portal.com/ip-ranges.json'] } };
const RESET = { class: 'CONN_RESET', message: 'reset' } as const;
/** B16 of one answer: one finding for each kind of client. */
const PROFILES = 'B16';

/** A world where somebody is to be woken; what makes the run fail, the cause first: from a probe, and from a Worker. */
type Broken = [title: string, site: Site, found: string[], fromWorker?: string[]];

const SIZES: Broken[] = [
  ['40 addresses', { zone: withWww(addresses(40)) }, ['B1', 'B2', 'B6', PROFILES], ['B1', 'B2', PROFILES]],
  ['21 addresses', { zone: withWww(addresses(21)) }, ['B1', PROFILES]],
  [
    '40 addresses, and TCP is dropped',
    { zone: withWww(addresses(40)), quirks: atServers(over('tcp', silent)) },
    ['A2', 'B7', 'B1', 'B2', 'B6', PROFILES],
    ['A2', 'B1', 'B2', PROFILES],
  ],
  [
    'TC, and TCP breaks',
    {
      zone: withWww(addresses(90)),
      quirks: atServers(over('tcp', () => RESET)),
      input: { limits: { recordsWarn: 199, recordsFail: 200, recordsCritical: 300 } },
    },
    ['A2', 'B7', 'A1', 'B2', 'B6', 'B11', PROFILES],
    ['A2', 'B2', PROFILES],
  ],
  ['aliases in a circle', { zone: withWww('www 300 IN CNAME w1\nw1 300 IN CNAME www\n') }, ['B13', 'A1']],
  ['a chain of twelve', { zone: withWww(`${chain(12)}w12 300 IN A 45.76.1.1\n`) }, ['B13', 'A1', PROFILES]],
];

const NAMES: Broken[] = [
  ['no such name', { zone: withWww('') }, ['A1']],
  ['no such type', { zone: withWww('www 300 IN TXT "x"\n') }, ['A1']],
  ['resolvers with SERVFAIL', { quirks: atResolvers(SERVFAILS) }, ['A1']],
  ['everybody with SERVFAIL', { quirks: everywhere(SERVFAILS) }, ['D3', 'A1']],
  ['a wrong address', { input: { expect: { A: { exact: ['45.76.1.1', '45.76.1.3'] } } } }, ['C1']],
  ['a private address', { zone: withWww('www 300 IN A 10.0.0.7\n') }, ['C6']],
  [
    'an HTTPS hint at somebody else',
    { zone: withRecords('www 300 IN HTTPS 1 . alpn="h2" ipv4hint=45.76.1.77\n') },
    ['C7'],
  ],
  ['addresses in no published range', { ranges: ['45.77.0.0/16'], input: LISTED }, ['C3']],
  [
    'the same of an alias',
    { zone: withWww('www 300 IN CNAME edge.cdn.net.\n'), ranges: ['45.76.0.0/16'], input: LISTED },
    ['C3'],
  ],
  [
    'the same at two of three resolvers',
    {
      quirks: { [R1]: gives('92.242.140.2'), [R2]: gives('92.242.140.2') },
      ranges: ['45.76.0.0/16'],
      input: LISTED,
    },
    ['C3'],
  ],
  ['two of three resolvers that rewrite', { quirks: { [R1]: rewrites, [R2]: rewrites } }, ['A8']],
  ['two of three resolvers dead', { quirks: { [R1]: silent, [R2]: silent } }, ['A2', 'A6'], ['A2', 'A1']],
];

const SERVERS: Broken[] = [
  ['one that refuses', { quirks: { [NS1]: REFUSES } }, ['D3']],
  ['one of four that refuses', { ...FOUR_SERVERS, quirks: { [NS3]: REFUSES } }, ['D3']],
  ['all refuse', { quirks: { ...atServers(REFUSES), ...atResolvers(SERVFAILS) } }, ['D3', 'A1']],
  ['one of two dead', { quirks: { [NS2]: silent } }, ['D3', 'A2'], ['A2']],
  ['two of four dead', { ...FOUR_SERVERS, quirks: { [NS2]: silent, [NS3]: silent } }, ['D3', 'A2'], ['A2']],
  [
    'all silent',
    { quirks: { ...atServers(silent), ...atResolvers(withError(22, '', SERVFAILS)) } },
    ['D3', 'A2', 'A1', 'A4'],
    ['A2', 'A1', 'A4'],
  ],
  [
    'all silent, and resolvers have it in their caches',
    { quirks: { ...atServers(silent), ...atResolvers(withError(3, '')) } },
    ['D3', 'A2', 'A1'],
    ['A2'],
  ],
  ['all without TCP', { quirks: atServers(over('tcp', silent)) }, ['A2']],
  ['all without UDP', { quirks: atServers(over('udp', silent)) }, ['A2'], []],
  ['all garbled', { quirks: atServers(garbles) }, ['D3', 'A1']],
  ['glue of a server that moved', { tld: TLD_ZONE.replace('45.90.30.1', '45.90.30.9') }, ['D7']],
  [
    'glue of all that moved',
    { tld: TLD_ZONE.replace('45.90.30.1', '45.90.30.9').replace('45.90.28.1', '45.90.28.9') },
    ['D7', 'D3'],
    ['D7'],
  ],
  [
    'a parent that lists another one',
    {
      tld: `${TLD_ZONE.replace('portal 86400 IN NS ns2.portal', 'portal 86400 IN NS ns3.portal')}ns3.portal 86400 IN A 45.90.32.1\n`,
      servers: [NS1, NS2, NS3],
    },
    ['D2'],
  ],
  [
    'records that differ, without grace',
    { zones: { [NS2]: PORTAL_ZONE.replace('45.76.1.2\n', '45.76.1.5\n') }, input: { limits: { graceS: 0 } } },
    ['D5'],
  ],
  [
    'serials that differ, without grace',
    {
      zones: { [NS2]: PORTAL_ZONE.replace('hostmaster 7', 'hostmaster 6') },
      input: { limits: { graceS: 0 } },
    },
    ['D1'],
  ],
];

const expired = atResolvers(unlessUnchecked(withError(7, 'signature expired', SERVFAILS)));
const SIGNED: Broken[] = [
  [
    'expired signatures',
    { ...signed('20261101000000', '20261120120000'), quirks: expired },
    ['E7', 'A1', 'A4', 'E9'],
  ],
  ['signatures that are not made anew', signed('20261108000000', '20261121180000'), ['E7']],
  [
    'a DS without a key',
    { tld: SIGNED_TLD, quirks: atResolvers(unlessUnchecked(withError(9, '', SERVFAILS))) },
    ['E8', 'A1', 'A4', 'E9'],
  ],
];

describe.each([
  ['sizes', SIZES],
  ['names', NAMES],
  ['name servers', SERVERS],
  ['signed zones', SIGNED],
])('%s', (_kind, worlds) => {
  describe.each([NODE, WORKER])('from a $kind', (vantage) => {
    test.each(worlds)('%s', async (_title, site, found, fromWorker = found) => {
      const { outcome, failure, evidence } = await judgedIn(site, vantage);
      const expected = vantage === WORKER ? fromWorker : found;
      const ids = evidence.findings.filter(isBad).map(({ id }) => id);
      expect([...new Set(ids)]).toEqual(expected);
      expect(outcome).toBe(expected.length === 0 ? 'pass' : 'fail');
      if (failure && 'step' in failure) expect(failure.step?.slice(0, 3).trim()).toBe(expected[0]);
      // Each thing once: of clients one each, of servers two whose glue is wrong.
      const others = ids.filter((id) => id !== PROFILES);
      expect(others.length - new Set(others).size).toBeLessThanOrEqual(1);
    });
  });
});
