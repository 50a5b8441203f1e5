import { describe, expect, it } from 'vitest';
import { dnsSettingsOf, type DnsInput } from '#core/checks/dns.ts';
import type { QueryExchange } from '#core/dns/asking/exchange.ts';
import type { AssertionId } from '#core/dns/findings/finding.ts';
import { inquire } from '#core/dns/run/inquirer.ts';
import { findingsOf, SILENT, type Quirk, type World } from '#test/fixtures/dns/world.ts';
import {
  anAddress,
  DECLARED,
  NS1,
  R1,
  R2,
  R3,
  resolvedWorld,
  SERVFAILS,
  told,
  withError,
  ZONE,
} from '../a-resolved-zone.ts';

type Over = Partial<Omit<DnsInput, 'kind'>>;

async function found(world: World, id?: AssertionId, over: Over = {}): Promise<string[]> {
  return told(await findingsOf(world, { ...DECLARED, aspects: ['freshness'], ...over }, id));
}

const withTtl = (ttlS: number) => resolvedWorld({}, ZONE.replaceAll('www 300 IN', `www ${ttlS} IN`));

describe('TTL (E1)', () => {
  it.each([
    [300, []],
    [30, []],
    [
      29,
      [
        'warn E1 A: www.example.test A may be kept for 29 s: less than 30 s, resolvers ask again all the time.',
      ],
    ],
    [3_600, []],
    [
      3_601,
      [
        'warn E1 A: www.example.test A may be kept for 3601 s: a change takes longer than 3600 s to reach everybody.',
      ],
    ],
  ])('of %i s', async (ttlS, expected) => {
    expect(await found(withTtl(ttlS), 'E1')).toEqual(expected);
  });

  it('beyond what a failover takes', async () => {
    const limits = { ttlFailMaxS: 60 };
    expect(await found(withTtl(61), 'E1', { limits })).toEqual([
      'fail E1 A: www.example.test A may be kept for 61 s: it must be able to move within 60 s.',
    ]);
    expect(await found(withTtl(60), 'E1', { limits })).toEqual([]);
  });

  it('is the least of the chain', async () => {
    const zone = `${ZONE}alias 7200 IN CNAME www\n`;
    expect(await found(resolvedWorld({}, zone), 'E1', { name: 'alias.example.test' })).toEqual([]);
    const short = `${ZONE}alias 5 IN CNAME www\n`;
    expect(await found(resolvedWorld({}, short), 'E1', { name: 'alias.example.test' })).toEqual([
      'warn E1 A: alias.example.test A may be kept for 5 s: less than 30 s, resolvers ask again all the time.',
    ]);
  });

  it('differs within one set', async () => {
    const uneven: Quirk = (query, usual) =>
      query.name === 'www.example.test' && query.type === 1
        ? {
            ...usual,
            answers: [anAddress(query.name, '198.51.100.1', 300), anAddress(query.name, '198.51.100.2', 600)],
          }
        : undefined;
    expect(await found(resolvedWorld({ ns1: uneven }), 'E1')).toEqual([
      `warn E1 A: ${NS1} gives the records of www.example.test A TTLs from 300 to 600 s; one set has one TTL (RFC 2181 section 5.2), and resolvers take the least.`,
    ]);
  });
});

describe('negative TTL (E2)', () => {
  const withMinimum = (minimumS: number) =>
    resolvedWorld({}, ZONE.replace('604800 600', `604800 ${minimumS}`));

  it.each([
    [600, false, []],
    [300, false, []],
    [299, false, ['remembered for 299 s: less than 300 s']],
    [901, false, []],
    [600, true, []],
  ])('of %i s, dynamic: %s', async (minimumS, dynamicNames, expected) => {
    const findings = await found(withMinimum(minimumS), 'E2', { dynamicNames });
    expect(findings.length).toBe(expected.length);
    for (const text of expected) expect(findings[0]).toContain(text);
  });

  it('is the lesser of the TTL of the SOA and its minimum, and long for names that people make', async () => {
    const zone = ZONE.replace('@ 600 IN SOA', '@ 1000 IN SOA').replace('604800 600', '604800 5000');
    expect(await found(resolvedWorld({}, zone), 'E2')).toEqual([]);
    expect(await found(resolvedWorld({}, zone), 'E2', { dynamicNames: true })).toEqual([
      'warn E2 example.test: That a name in example.test does not exist is remembered for 1000 s: a new name that somebody asked for too early is missing for more than 900 s.',
    ]);
  });

  it('cannot be remembered without an SOA', async () => {
    const bare: Quirk = (_query, usual) => ({ ...usual, authorities: [] });
    expect(await found(resolvedWorld({ ns1: bare }), 'E2')).toEqual([
      `warn E2 ${NS1}: ${NS1} says that latchkey-salt7x.example.test has no A without the zone's SOA: resolvers cannot remember it and ask every time (RFC 2308 section 5).`,
    ]);
  });
});

describe('stale answers (E4)', () => {
  it('said by the extended error', async () => {
    const findings = await found(resolvedWorld({ r1: withError(3, '') }), 'E4');
    expect(findings).toEqual([
      `warn E4 ${R1}: ${R1} gives www.example.test A out of its cache though it has expired (EDE 3 Stale Answer): it cannot reach the zone's servers, and when it forgets, the name is gone.`,
    ]);
  });

  it('an error that says so and gives nothing is no stale answer', async () => {
    expect(await found(resolvedWorld({ r1: withError(3, '', SERVFAILS) }), 'E4')).toEqual([]);
  });

  it('shown by a TTL of 30 s while the servers are gone, not while they answer', async () => {
    const stale: Quirk = (query, usual) =>
      query.name === 'www.example.test' && query.type === 1
        ? { ...usual, answers: [anAddress(query.name, '198.51.100.1', 30)] }
        : undefined;
    const gone: Quirk = () => SILENT;
    const findings = await found(resolvedWorld({ r1: stale, ns1: gone, ns2: gone }), 'E4');
    expect(findings.length).toBe(1);
    expect(findings[0]).toContain(`warn E4 ${R1}: `);
    expect(findings[0]).toContain('a TTL of 30 s while no server of the zone answers');
    expect(await found(resolvedWorld({ r1: stale, ns1: gone }), 'E4')).toEqual([]);
  });
});

describe('latency (E6)', () => {
  /** A world in which some servers take their time. */
  async function timed(slowMs: (exchange: QueryExchange) => number, over: Over = {}): Promise<string[]> {
    const world = resolvedWorld();
    const settings = dnsSettingsOf({ ...DECLARED, aspects: ['freshness'], ...over });
    const inquirer = await inquire(
      { settings, vantage: { kind: 'node', transports: ['udp', 'tcp'] }, nowMs: 0, salt: 'salt7x' },
      async (task) => {
        const exchange = await world.ask(task);
        if (exchange.task.kind !== 'query') return exchange;
        const query = exchange as QueryExchange;
        return { ...query, exchangeMs: slowMs(query) };
      },
      () => false,
    );
    return told(inquirer.findings().filter(({ id }) => id === 'E6'));
  }

  it.each([
    [500, []],
    [501, ['warn']],
    [1_000, ['warn']],
    [1_001, ['fail']],
  ])('all servers of the zone over UDP at %i ms', async (ms, severities) => {
    const findings = await timed(({ task }) => (task.transport === 'udp' && !task.recursionDesired ? ms : 5));
    expect(findings.map((text) => text.split(' ')[0])).toEqual(severities);
  });

  it('one slow resolver of three is seen and named', async () => {
    expect(
      await timed(({ task }) => (task.server.url === R2 && task.transport === 'udp' ? 2_000 : 5)),
    ).toEqual([
      `warn E6 ${R2}: 1 of 3 resolvers is slower than 500 ms over UDP, asked first: ${R2} 2000 ms.`,
      `warn E6 ${R2}: 1 of 3 resolvers is slower than 500 ms over UDP, from their caches: ${R2} 2000 ms.`,
    ]);
  });

  it('a cold cache is told from a warm one', async () => {
    const findings = await timed(({ task }) =>
      task.recursionDesired && task.time === undefined && task.transport === 'udp' ? 1_200 : 5,
    );
    expect(findings).toEqual([
      `fail E6 udp: 3 of 3 resolvers are slower than 1000 ms over UDP, asked first: ${R1} 1200 ms, ${R2} 1200 ms, ${R3} 1200 ms.`,
    ]);
  });

  it('is our own when the control is as slow', async () => {
    const controlName = { server: 'dns://203.0.113.1', name: 'www.elsewhere.test' };
    const findings = await timed(() => 1_500, { controlName });
    expect(findings.length).toBeGreaterThan(0);
    for (const text of findings)
      expect(text).toMatch(/^warn E6 .*; the control name is as slow, so it may be our own way out\.$/);
  });
});
