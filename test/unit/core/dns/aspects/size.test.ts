import { describe, expect, test } from 'vitest';
import type { DnsInput } from '#core/checks/dns.ts';
import type { Query, Trouble } from '#core/dns/asking/exchange.ts';
import type { ResponseFields } from '#core/dns/codec/encode.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import type { AssertionId, Finding } from '#core/dns/findings/finding.ts';
import { findingsOf, SILENT, WORKER, World, type Quirk } from '#test/fixtures/dns/world.ts';
import { ONE, poolZone, RESOLVER, TWO } from '../a-pool.ts';

const CHECK: Omit<DnsInput, 'kind'> = {
  name: 'pool.example.test',
  zone: 'example.test',
  authorities: [ONE],
  aspects: ['size'],
};

/** BIND's way without EDNS: the records that fit stay. */
const partial: Quirk = (query, usual) =>
  isPlainUdp(query) && (usual.answers?.length ?? 0) > 29
    ? { ...usual, truncated: true, answers: usual.answers?.slice(0, 29) }
    : undefined;

const isPlainUdp = ({ transport, edns }: Query) => transport === 'udp' && !edns;

const overTcp =
  (change: (usual: ResponseFields) => ResponseFields | Trouble): Quirk =>
  (query, usual) =>
    query.transport === 'tcp' ? change(usual) : undefined;

function sizes(count: number, id: AssertionId, quirk?: Quirk, input: Partial<typeof CHECK> = {}) {
  return findingsOf(new World().serve(ONE, [poolZone(count)], quirk), { ...CHECK, ...input }, id);
}

const brief = (findings: readonly Finding[]) =>
  findings.map(({ severity, subject }) => `${severity} ${subject}`);

describe('sizes at the zone’s own servers', () => {
  test('few addresses are nothing to tell', async () => {
    expect(await findingsOf(new World().serve(ONE, [poolZone(8)]), CHECK)).toEqual([]);
  });

  test('servers that agree are one finding, which says how many they are', async () => {
    const world = new World().serve(ONE, [poolZone(40)]).serve(TWO, [poolZone(40)]);
    const findings = await findingsOf(world, { ...CHECK, authorities: [ONE, TWO] }, 'B2');
    expect(findings).toMatchObject([
      { severity: 'fail', subject: 'A', figures: { floorBytes: 675, limitBytes: 512 } },
    ]);
    expect(findings[0]?.message).toContain('The same at all 2 authorities.');
  });

  test('servers that differ are told apart', async () => {
    const world = new World().serve(ONE, [poolZone(40)]).serve(TWO, [poolZone(8)]);
    const findings = await findingsOf(world, { ...CHECK, authorities: [ONE, TWO] }, 'B2');
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain(`At ${ONE}; not at 1 of 2 authorities.`);
  });

  test('a server that is silent does not make the others disagree', async () => {
    const world = new World().serve(ONE, [poolZone(40)]).serve(TWO, [poolZone(40)], () => SILENT);
    const findings = await findingsOf(world, { ...CHECK, authorities: [ONE, TWO] });
    expect(findings.map(({ id }) => id).toSorted()).toEqual(['B1', 'B2', 'B4', 'B6']);
  });

  test('a set over 100 is critical', async () => {
    expect(brief(await sizes(101, 'B1'))).toEqual(['critical A']);
  });
});

describe('truncation', () => {
  test('without EDNS, left empty: fails', async () => {
    const findings = await sizes(40, 'B6');
    expect(brief(findings)).toEqual(['fail A']);
    expect(findings[0]?.message).toContain('truncated without EDNS and left empty');
  });

  test('without EDNS, cut to a part: warns, and says how many are left', async () => {
    const findings = await sizes(40, 'B6', partial);
    expect(brief(findings)).toEqual(['warn A']);
    expect(findings[0]?.message).toContain('truncated without EDNS to 29 records');
  });

  test('with EDNS: fails', async () => {
    const findings = await sizes(80, 'B6', partial);
    expect(brief(findings).toSorted()).toEqual(['fail A', 'warn A']);
    expect(findings.find(({ severity }) => severity === 'fail')?.message).toContain(
      'truncated with EDNS 1232',
    );
  });

  test('of an answer that fits is a rate limit, not a size', async () => {
    const slip: Quirk = (query, usual) =>
      query.transport === 'udp' ? { ...usual, truncated: true, answers: [] } : undefined;
    const findings = await sizes(2, 'B6', slip);
    expect(brief(findings)).toEqual(['warn A', 'warn A']);
    expect(findings.every(({ message }) => message.includes('limits our rate'))).toBe(true);
  });

  test('over TCP there must be none', async () => {
    const findings = await sizes(
      2,
      'B6',
      overTcp((usual) => ({ ...usual, truncated: true })),
    );
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringContaining('truncated even over TCP'),
    ]);
  });

  test('a whole UDP reply over the limit is told by its size', async () => {
    // 35 octets of header and question, 20 records of 16, OPT.
    expect(await sizes(20, 'B3', undefined, { limits: { wireFailBytes: 366 } })).toEqual([]);
    expect(await sizes(20, 'B3', undefined, { limits: { wireFailBytes: 365 } })).toMatchObject([
      { severity: 'fail', figures: { wireBytes: 366, limitBytes: 365 } },
    ]);
  });
});

describe('TCP fallback', () => {
  test('what is whole over TCP is no finding', async () => {
    expect(await sizes(40, 'B7')).toEqual([]);
    expect(await sizes(40, 'B7', partial)).toEqual([]);
  });

  test('no reply over TCP fails', async () => {
    const findings = await sizes(
      40,
      'B7',
      overTcp(() => SILENT),
    );
    expect(brief(findings)).toEqual(['fail A']);
    expect(findings[0]).toMatchObject({ outcome: 'TIMEOUT' });
    expect(findings[0]?.message).toContain('the answer cannot be had');
  });

  test('TCP that our own side does not have says nothing of the server', async () => {
    const blocked: Trouble = { class: 'NOT_MEASURABLE', message: 'no way out', probeFault: true };
    expect(
      await sizes(
        40,
        'B7',
        overTcp(() => blocked),
      ),
    ).toEqual([]);
  });

  test('an error over TCP fails', async () => {
    const findings = await sizes(
      40,
      'B7',
      overTcp((usual) => ({ ...usual, rcode: 2, answers: [] })),
    );
    expect(findings).toMatchObject([{ severity: 'fail', outcome: 'SERVFAIL' }]);
  });

  test('records that only the truncated answer has fail, unless the answer rotates', async () => {
    const other: Quirk = (query, usual) =>
      partial(query, usual) ??
      (query.transport === 'tcp' ? { ...usual, answers: usual.answers?.slice(5) } : undefined);
    expect(await sizes(40, 'B7', other)).toMatchObject([
      { severity: 'fail', figures: { missingRecords: 5 } },
    ]);
    expect(await sizes(40, 'B7', other, { rotation: { addresses: 40 } })).toEqual([]);
  });

  test('a denial that is truncated for its proofs is no lost answer', async () => {
    const denied: Quirk = (query, usual) =>
      query.transport === 'udp' ? { ...usual, truncated: true, authorities: [] } : undefined;
    const world = new World().serve(ONE, [poolZone(8)], denied);
    expect(await findingsOf(world, { ...CHECK, name: 'none.example.test' }, 'B7')).toEqual([]);
  });

  test('a resolver that truncates must answer over TCP too', async () => {
    const world = new World().serve(ONE, [poolZone(8)]).resolve(
      RESOLVER,
      [poolZone(80)],
      overTcp(() => SILENT),
    );
    const input = { ...CHECK, resolvers: [RESOLVER], aspects: ['size', 'resolvability'] as const };
    const findings = await findingsOf(world, { ...input, aspects: [...input.aspects] }, 'B7');
    expect(brief(findings)).toEqual([`fail ${RESOLVER}`]);
  });
});

describe('where the zone’s own servers cannot be asked', () => {
  test('a resolver’s whole answer tells records and floor', async () => {
    const world = new World().resolve(RESOLVER, [poolZone(40)]);
    const findings = await findingsOf(world, { ...CHECK, authorities: [], resolvers: [RESOLVER] });
    expect(findings.map(({ id }) => id).toSorted()).toEqual(['B1', 'B2', 'B4']);
    expect(findings.every(({ message }) => message.includes(`As resolver ${RESOLVER} gives it.`))).toBe(true);
  });

  test('a Worker tells them from TCP, and nothing of UDP', async () => {
    const world = new World().serve(ONE, [poolZone(80)]);
    const findings = await findingsOf(world, CHECK, undefined, WORKER);
    expect(findings.map(({ id }) => id).toSorted()).toEqual(['B1', 'B11', 'B2', 'B3', 'B4']);
    expect(findings.find(({ id }) => id === 'B3')?.message).toContain('at least 1326 octets with EDNS 1232');
    expect(world.asked.every((task) => task.kind !== 'query' || task.transport === 'tcp')).toBe(true);
  });

  test('an alias out of the zone is measured where it ends', async () => {
    const own = poolZone(0, 'pool 60 CNAME pool.elsewhere.test.');
    const elsewhere = poolZone(40).replace('example.test', 'elsewhere.test');
    const follow: Quirk = (query, usual) =>
      query.name === 'pool.example.test' && query.type === RR_TYPES.A
        ? {
            ...usual,
            answers: [
              {
                name: 'pool.example.test',
                type: RR_TYPES.CNAME,
                ttlS: 60,
                rdata: { kind: 'CNAME', target: 'pool.elsewhere.test' },
              },
              ...Array.from({ length: 40 }, (_, at) => ({
                name: 'pool.elsewhere.test',
                type: RR_TYPES.A,
                ttlS: 60,
                rdata: { kind: 'A' as const, address: `198.51.100.${at + 1}` },
              })),
            ],
            authorities: [],
          }
        : undefined;
    const world = new World().serve(ONE, [own]).resolve(RESOLVER, [elsewhere, own], follow);
    const findings = await findingsOf(world, { ...CHECK, resolvers: [RESOLVER] }, 'B1');
    expect(findings).toMatchObject([{ severity: 'fail', figures: { records: 40 } }]);
  });
});

describe('with signatures', () => {
  test('an answer that only they push over 1232 fails as B11', async () => {
    const signature = 'pool 60 RRSIG A 13 3 60 20261220000000 20261101000000 1 example.test. ';
    const signed = poolZone(74, `${signature}${'A'.repeat(86)}==`);
    const findings = await findingsOf(new World().serve(ONE, [signed]), CHECK);
    expect(findings.filter(({ id }) => id === 'B11')).toMatchObject([{ severity: 'fail', subject: 'A' }]);
    expect(
      findings.some(
        ({ id, severity, message }) => id === 'B6' && severity === 'fail' && message.includes('EDNS 1232'),
      ),
    ).toBe(false);
  });
});

describe('chains', () => {
  test('are told once, at their longest', async () => {
    const links = Array.from({ length: 9 }, (_, at) => `c${at} 60 CNAME c${at + 1}`).join('\n');
    const world = new World().serve(ONE, [
      poolZone(1, `${links}\nc9 60 A 198.51.100.1\nc9 60 AAAA 2001:db8::1`),
    ]);
    const findings = await findingsOf(
      world,
      { ...CHECK, name: 'c0.example.test', types: ['A', 'AAAA'] },
      'B13',
    );
    expect(findings).toMatchObject([{ severity: 'fail', figures: { chain: 9, limitChain: 7 } }]);
  });
});

describe('TXT', () => {
  const long = (name: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${name} 300 TXT "${String(at).repeat(90)}"`).join('\n');

  test('the apex and _dmarc only warn, names that are listed fail', async () => {
    const text = poolZone(1, [long('@', 6), long('_dmarc', 5), long('mail', 6)].join('\n'));
    const world = new World().serve(ONE, [text]);
    const findings = await findingsOf(world, { ...CHECK, txtNames: ['mail.example.test'] }, 'B14');
    expect(brief(findings)).toEqual([
      'fail mail.example.test',
      'warn example.test',
      'warn _dmarc.example.test',
    ]);
  });

  test('SPF that asks for more than ten lookups, and two policies', async () => {
    const eleven = Array.from({ length: 11 }, (_, at) => `include:s${at}.net`).join(' ');
    const world = new World().serve(ONE, [poolZone(1, `@ 300 TXT "v=spf1 ${eleven} -all"`)]);
    expect(await findingsOf(world, CHECK, 'B14')).toMatchObject([
      { severity: 'warn', figures: { lookups: 11 } },
    ]);
    const two = new World().serve(ONE, [poolZone(1, '@ 300 TXT "v=spf1 -all"\n@ 300 TXT "v=spf1 mx -all"')]);
    expect(await findingsOf(two, CHECK, 'B14')).toMatchObject([
      { severity: 'warn', figures: { policies: 2 } },
    ]);
  });
});
