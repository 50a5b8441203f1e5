import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dnsSettingsOf } from '#core/checks/dns.ts';
import { canonicalRdata } from '#core/dns/codec/present.ts';
import { RR_TYPES, typeName, type RrTypeName } from '#core/dns/codec/registry.ts';
import { floorBytes } from '#core/dns/measure/size.ts';
import { readMasterFile } from '#core/dns/zone/master-file.ts';
import { planZone } from '#core/dns/zone/plan.ts';
import { plannedAnswer } from '#core/dns/zone/planned-answer.ts';
import { zoneOf } from '#core/dns/zone/zone.ts';
import { askOne } from '#test/fixtures/dns/ask-one.ts';
import { Lab, type LabServer } from '#test/fixtures/dns/lab.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { startBind } from '#test/fixtures/dns/servers/bind.ts';
import { startKnot } from '#test/fixtures/dns/servers/knot.ts';
import { startNsd } from '#test/fixtures/dns/servers/nsd.ts';
import { exampleZone, testAddresses, type Zone } from '#test/fixtures/dns/zones.ts';

/** Longer chains Knot does not follow to their ends (reference: dns, section 0.5). */
const CHAIN_MAX = 4;

/** Only BIND knows it. */
const GENERATED = '$GENERATE 1-30 gen A 203.0.113.$';

/** The lab's zone with what it lacks: names that a wildcard makes, text of several strings, an alias out of the zone. */
function wideZone(): Zone {
  const { name, text } = exampleZone();
  const more = [
    '*.pool 60 A 198.51.100.1',
    '*.pool 60 A 198.51.100.2',
    'shared CNAME any.pool',
    'away CNAME www.elsewhere.example.',
    '@ MX 10 mail',
    'mail AAAA 2001:db8::25',
    '@ CAA 0 issue "ca.example"',
    '_sip._tcp SRV 1 2 5060 mail',
    'strings TXT "one" "two \\"quoted\\"; and \\\\ more" three',
    'n NAPTR 100 50 "s" "http" "" _http._tcp',
    '_443._tcp TLSA 3 1 1 0123456789abcdef',
    'generic TYPE65280 \\# 4 01020304',
    GENERATED,
  ];
  return { name, text: `${text}${more.join('\n')}\n` };
}

const EXTRA_NAMES = ['one.pool', 'two.deep.pool', 'x.wild'].map((name) => `${name}.example.test`);

describe.skipIf(cannotStart('named', 'knotd', 'nsd', 'openssl'))('planned answers', () => {
  const wide = wideZone();
  const file = readMasterFile(wide.text, { file: 'example.test.zone' });
  let lab: Lab;
  let servers: Record<'bind' | 'knot' | 'nsd', LabServer>;

  beforeAll(async () => {
    lab = await Lab.open();
    const zones = [wide];
    const spelt = testAddresses(284)
      .slice(254)
      .map((address) => `gen A ${address}`)
      .join('\n');
    const speltOut = [{ ...wide, text: wide.text.replace(GENERATED, () => spelt) }];
    const [bind, knot, nsd] = await Promise.all([
      startBind(lab, { zones }),
      startKnot(lab, { zones: speltOut }),
      startNsd(lab, { zones: speltOut }),
    ]);
    servers = { bind, knot, nsd };
  });
  afterAll(() => lab.close());

  it.each(['bind', 'knot', 'nsd'] as const)(
    'are what %s really gives: the same records, and the same floor to the octet',
    async (server) => {
      const { limits } = dnsSettingsOf({ name: 'any' });
      const zone = zoneOf(file);
      const plan = planZone(file, { limits });
      if (!zone || 'trouble' in plan) throw new Error('expected a plan');
      expect(file.troubles).toEqual([]);
      const known = new Set<string>(Object.keys(RR_TYPES));
      const questions = [
        ...plan.sets
          .filter(
            ({ chain, type, kind }) => chain <= CHAIN_MAX && kind !== 'loop' && known.has(typeName(type)),
          )
          // A signed zone's own SOA record is another one.
          .filter(({ type }) => type !== RR_TYPES.SOA),
        ...EXTRA_NAMES.map((name) => ({ name, type: RR_TYPES.A as number })),
      ];
      const { url } = servers[server];
      const differing = await Promise.all(
        questions.map(async ({ name, type }) => {
          const { message, outcome } = await askOne({
            url,
            name,
            type: typeName(type) as RrTypeName,
            way: 'T',
          });
          const planned = plannedAnswer(zone, name, type).message;
          const shown = (one: typeof message) =>
            one && {
              floor: floorBytes(one),
              records: one.answers.map(({ rdata }) => canonicalRdata(rdata)).toSorted(),
            };
          const [got, expected] = [shown(message), shown(planned)];
          return JSON.stringify(got) === JSON.stringify(expected)
            ? []
            : [{ name, type: typeName(type), outcome, got: got?.floor, expected: expected?.floor }];
        }),
      );
      // BIND does not point back to a name that a wildcard has made behind an alias: twelve octets more.
      const bindsOwn =
        server === 'bind'
          ? [{ name: 'shared.example.test', type: 'A', outcome: 'ANSWER', got: 104, expected: 92 }]
          : [];
      expect(differing.flat()).toEqual(bindsOwn);
      expect(questions.length).toBeGreaterThan(40);
    },
  );
});
