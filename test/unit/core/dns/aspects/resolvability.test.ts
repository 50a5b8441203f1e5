import { describe, expect, it } from 'vitest';
import type { DnsInput } from '#core/checks/dns.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import type { AssertionId } from '#core/dns/findings/finding.ts';
import { findingsOf, SILENT, WORKER, type Quirk, type World } from '#test/fixtures/dns/world.ts';
import {
  anAddress,
  DECLARED,
  DENIES,
  failing,
  NS1,
  NS2,
  onlyFor,
  R1,
  R2,
  R3,
  resolvedWorld,
  SERVFAILS,
  told,
  withError,
  ZONE,
} from '../a-resolved-zone.ts';

const silent: Quirk = () => SILENT;

async function found(
  world: World,
  id?: AssertionId,
  over: Partial<Omit<DnsInput, 'kind'>> = {},
  vantage?: typeof WORKER,
): Promise<string[]> {
  return told(await findingsOf(world, { ...DECLARED, aspects: ['resolvability'], ...over }, id, vantage));
}

describe('a name that resolves', () => {
  it('has no finding, from a probe and from a Worker', async () => {
    expect(await found(resolvedWorld())).toEqual([]);
    expect(await found(resolvedWorld(), undefined, {}, WORKER)).toEqual([]);
  });

  it('has none when its own servers give an alias out of the zone, which resolvers follow', async () => {
    const follows: Quirk = (query, usual) =>
      query.name === 'out.example.test' && query.type === RR_TYPES.A
        ? { ...usual, answers: [...(usual.answers ?? []), anAddress('www.elsewhere.test', '198.51.100.9')] }
        : undefined;
    const world = resolvedWorld({ r1: follows, r2: follows, r3: follows });
    expect(await found(world, undefined, { name: 'out.example.test' })).toEqual([]);
  });
});

describe('resolvers and their quorum (A1, A6)', () => {
  it('one of three is seen, by its name', async () => {
    expect(await found(resolvedWorld({ r2: DENIES }), 'A6')).toEqual([
      `warn A6 ${R2}: www.example.test A does not resolve at 1 of 3 resolvers: ${R2} (no such name (NXDOMAIN)); the zone's own servers answer.`,
    ]);
    expect(await found(resolvedWorld({ r2: DENIES }), 'A1')).toEqual([]);
  });

  it('two of three fail', async () => {
    expect(await found(resolvedWorld({ r1: SERVFAILS, r3: silent }), 'A6')).toEqual([
      `fail A6 A: www.example.test A does not resolve at 2 of 3 resolvers: ${R1} (SERVFAIL), ${R3} (no reply in time); the zone's own servers answer.`,
    ]);
  });

  it('all of them are no quorum but a name that does not resolve', async () => {
    const world = resolvedWorld({ r1: DENIES, r2: DENIES, r3: DENIES, ns1: DENIES, ns2: DENIES });
    expect(await found(world, 'A1')).toEqual([
      'fail A1 A: www.example.test A does not resolve at all 3 resolvers: ' +
        `${R1} (no such name (NXDOMAIN)), ${R2} (no such name (NXDOMAIN)), ${R3} (no such name (NXDOMAIN)); ` +
        "the zone's own servers do not answer either: no such name (NXDOMAIN).",
    ]);
  });

  it.each([
    [[R1], 'the resolver'],
    [[R1, R2], '1 of 2 resolvers'],
  ])('of %j one that fails is what people meet', async (resolvers, who) => {
    expect(await found(resolvedWorld({ r1: SERVFAILS }), 'A1', { resolvers })).toEqual([
      `fail A1 ${R1}: www.example.test A does not resolve at ${who}: ${R1} (SERVFAIL); the zone's own servers answer.`,
    ]);
  });

  it('caches that still answer hide no zone that does not', async () => {
    expect(await found(resolvedWorld({ ns1: silent, ns2: SERVFAILS }), 'A1')).toEqual([
      `fail A1 A: www.example.test A does not resolve at all 2 servers of the zone: ${NS1} (no reply in time), ${NS2} (SERVFAIL); resolvers that still answer do so from their caches.`,
    ]);
  });

  it("goes by the zone's own servers where no resolver is configured: half of them fail", async () => {
    const over = { resolvers: [] };
    expect(await found(resolvedWorld({ ns2: SERVFAILS }), 'A1', over)).toEqual([
      `fail A1 ${NS2}: www.example.test A does not resolve at 1 of 2 servers of the zone: ${NS2} (SERVFAIL).`,
    ]);
    expect(await found(resolvedWorld(), 'A1', over)).toEqual([]);
  });

  it('what a vantage cannot reach is counted nowhere', async () => {
    const blocked: Quirk = () => ({ class: 'CONNECT_FAILED_OR_BLOCKED', message: 'proxy request failed' });
    expect(await found(resolvedWorld({ r1: blocked, r2: blocked, r3: blocked }), 'A1')).toEqual([]);
    const ours: Quirk = () => ({ class: 'TIMEOUT', message: 'no sockets', probeFault: true });
    expect(await found(resolvedWorld({ r1: ours, r2: ours, ns1: ours, ns2: ours }))).toEqual([]);
  });

  it('names the one that gives fewer records than the others, unless answers are meant to differ', async () => {
    const fewer = onlyFor(RR_TYPES.A, (query, usual) => ({
      ...usual,
      answers: query.name === 'www.example.test' ? usual.answers?.slice(0, 1) : usual.answers,
    }));
    const world = () => resolvedWorld({ r3: fewer });
    expect(await found(world(), 'A6')).toEqual([
      `warn A6 ${R3}: www.example.test A: ${R3} (1 record) gives other records than the other 2 resolvers (2 records).`,
    ]);
    expect(await found(world(), 'A6', { rotation: { addresses: 2 } })).toEqual([]);
    expect(await found(world(), 'A6', { differsByRegion: true })).toEqual([]);
  });
});

describe('reach (A2)', () => {
  const noTcp: Quirk = (query) => (query.transport === 'tcp' ? SILENT : undefined);

  it('a server of the zone that is silent over one transport fails', async () => {
    const [first, ...others] = await found(resolvedWorld({ ns1: noTcp }), 'A2');
    expect(first).toMatch(
      new RegExp(`^fail A2 ${NS1}: ${NS1} does not reply over TCP: no reply in time, asked once\\.$`),
    );
    expect(others).toEqual([]);
  });

  it('one resolver of three is seen, two fail', async () => {
    expect((await found(resolvedWorld({ r1: noTcp }), 'A2')).map((text) => text.slice(0, 7))).toEqual([
      'warn A2',
    ]);
    const severities = (await found(resolvedWorld({ r1: noTcp, r2: noTcp }), 'A2')).map((text) =>
      text.slice(0, 7),
    );
    expect(severities).toEqual(['fail A2']);
  });

  it('is information when a Worker cannot tell', async () => {
    const blocked: Quirk = () => ({ class: 'CONNECT_FAILED_OR_BLOCKED', message: 'proxy request failed' });
    const findings = await found(resolvedWorld({ ns1: blocked }), 'A2', {}, WORKER);
    expect(findings.map((text) => text.slice(0, 7))).toEqual(['info A2']);
  });
});

describe('what does not exist (A3, A7, A8)', () => {
  it('a name that is there for A and not for AAAA', async () => {
    expect(await found(resolvedWorld({ ns1: onlyFor(RR_TYPES.AAAA, DENIES) }), 'A3')).toEqual([
      `fail A3 ${NS1}: ${NS1} says that www.example.test does not exist when asked for AAAA, and that it does when asked for A; clients believe the one that comes first.`,
    ]);
  });

  it('an ancestor that is not there', async () => {
    const denies: Quirk = (query, usual) =>
      query.name === 'under.example.test' ? DENIES(query, usual) : undefined;
    const over = { name: 'deep.under.example.test' };
    expect(await found(resolvedWorld(), 'A3', over)).toEqual([]);
    expect(await found(resolvedWorld({ r1: denies }), 'A3', over)).toEqual([
      `warn A3 ${R1}: ${R1} says that under.example.test does not exist, though deep.under.example.test below it does; resolvers conclude that nothing below it does (RFC 8020).`,
    ]);
  });

  it('a type that is neither answered nor denied, told once where the others are as bad', async () => {
    const bad = onlyFor(RR_TYPES.HTTPS, SERVFAILS);
    expect(await found(resolvedWorld({ ns2: bad }), 'A7')).toEqual([
      `fail A7 ${NS2}: www.example.test HTTPS is neither answered nor said not to exist at ${NS2} (SERVFAIL); clients that ask for it wait or give up.`,
    ]);
    expect(await found(resolvedWorld({ ns2: SERVFAILS }), 'A7')).toEqual([]);
    expect(await found(resolvedWorld({ ns2: silent }), 'A7')).toEqual([]);
  });

  it('an optional type counts as well', async () => {
    const bad = onlyFor(RR_TYPES.MX, failing(RCODE.NOTIMP));
    expect(await found(resolvedWorld({ r1: bad, r2: bad }), 'A7')).toEqual([]);
    expect((await found(resolvedWorld({ r1: bad, r2: bad }), 'A7', { optionalTypes: ['MX'] }))[0]).toContain(
      `fail A7 MX: www.example.test MX is neither answered nor said not to exist at ${R1} (NOTIMP), ${R2} (NOTIMP)`,
    );
  });

  it('a resolver that makes up an address, and a wildcard', async () => {
    const makesUp: Quirk = (query, usual) =>
      query.name.startsWith('latchkey-salt7x.')
        ? {
            ...usual,
            rcode: RCODE.NOERROR,
            answers: [anAddress(query.name, '203.0.113.99')],
            authorities: [],
          }
        : undefined;
    expect(await found(resolvedWorld({ r1: makesUp, r2: makesUp }), 'A8')).toEqual([
      `fail A8 ${R1}: ${R1}, ${R2} give an address for the made-up name latchkey-salt7x.example.test, which does not exist: answers are rewritten on the way.`,
    ]);
    const wild = resolvedWorld({}, `${ZONE}* 300 IN A 198.51.100.7\n`);
    expect(await found(wild, 'A8')).toEqual([
      'warn A8 example.test: The made-up name latchkey-salt7x.example.test has an address: example.test has a wildcard, or every resolver makes up answers. A mistyped name will look right.',
    ]);
  });
});

describe('extended errors (A4)', () => {
  it('one validating resolver that refuses is right, however many there are', async () => {
    const bogus = withError(9, 'signature expired from 192.0.2.1', SERVFAILS);
    const [first, ...others] = await found(resolvedWorld({ r1: bogus }), 'A4');
    expect(first).toBe(
      `fail A4 ${R1}: ${R1} says of www.example.test A: EDE 9 DNSKEY Missing “signature expired from 192.0.2.1” (validation fails: clients of validating resolvers get nothing).`,
    );
    expect(others).toEqual([]);
  });

  it.each([
    [22, '', SERVFAILS, 1, 'warn'],
    [22, '', SERVFAILS, 2, 'fail'],
    [0, 'max. restarts reached', SERVFAILS, 2, 'fail'],
    [3, '', SERVFAILS, 2, 'fail'],
    [3, '', undefined, 3, 'warn'],
    [22, '', undefined, 3, 'warn'],
    [15, '', failing(RCODE.NXDOMAIN), 2, 'warn'],
    [21, '', undefined, 1, 'info'],
  ] as const)('%i “%s” of %s from %i of three is %s', async (code, text, quirk, count, severity) => {
    const error = withError(code, text, quirk);
    const quirks = Object.fromEntries(['r1', 'r2', 'r3'].slice(0, count).map((id) => [id, error]));
    const findings = await found(resolvedWorld(quirks), 'A4');
    expect(findings.map((one) => one.slice(0, 7))).toEqual([`${severity} A4`]);
    for (const url of [R1, R2, R3].slice(0, count)) expect(findings[0]).toContain(url);
  });

  it('what is said of other names is not about this one', async () => {
    const other: Quirk = (query, usual) =>
      query.name === 'www.example.test' ? undefined : withError(22, '')(query, usual);
    expect(await found(resolvedWorld({ r1: other }), 'A4')).toEqual([]);
  });
});

describe('asking again (A5)', () => {
  const onceOnly =
    (quirk: Quirk): Quirk =>
    (query, usual) =>
      query.time === 2 ? quirk(query, usual) : undefined;

  it('an answer that is gone the second time fails where it is the only resolver, and is seen where it is one of three', async () => {
    const quirks = { r1: onceOnly(SERVFAILS) };
    expect(await found(resolvedWorld(quirks), 'A5', { resolvers: [R1] })).toEqual([
      `fail A5 ${R1}: ${R1} answers www.example.test A once; asked again at once it gives SERVFAIL.`,
    ]);
    expect((await found(resolvedWorld(quirks), 'A5')).map((text) => text.slice(0, 7))).toEqual(['warn A5']);
  });

  it('a lost reply is seen only', async () => {
    const findings = await found(resolvedWorld({ r1: onceOnly(silent) }), 'A5', { resolvers: [R1] });
    expect(findings.map((text) => text.slice(0, 7))).toEqual(['warn A5']);
  });

  it('other records are seen, unless they are declared to change', async () => {
    const fewer = onceOnly((_query, usual) => ({ ...usual, answers: usual.answers?.slice(1) }));
    const world = () => resolvedWorld({ r1: fewer });
    expect(await found(world(), 'A5')).toEqual([
      `warn A5 ${R1}: ${R1} gives www.example.test A other records when asked again at once: 2, then 1. If that is meant, declare rotation.`,
    ]);
    expect(await found(world(), 'A5', { rotation: { addresses: 2 } })).toEqual([]);
  });
});

describe('the control name (A9)', () => {
  const controlName = { server: R1, name: 'www.elsewhere.test' };

  it('resolves, or says that the run does not count', async () => {
    expect(await found(resolvedWorld(), 'A9', { controlName })).toEqual([]);
    expect(await found(resolvedWorld({ r1: silent }), 'A9', { controlName })).toEqual([
      `warn A9 www.elsewhere.test: The control name www.elsewhere.test does not resolve through ${R1}: no reply in time. What this run says of the target does not count.`,
    ]);
  });
});
