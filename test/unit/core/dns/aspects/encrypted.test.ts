import { describe, expect, it } from 'vitest';
import { dnsSettingsOf, type DnsInput } from '#core/checks/dns.ts';
import type { QueryExchange } from '#core/dns/asking/exchange.ts';
import type { AssertionId } from '#core/dns/findings/finding.ts';
import { inquire } from '#core/dns/run/inquirer.ts';
import { MS_PER_DAY } from '#core/units.ts';
import { SILENT, WORLD_MS, type Quirk, type World } from '#test/fixtures/dns/world.ts';
import {
  anAddress,
  DECLARED,
  DENIES,
  NS1,
  NS2,
  R1,
  resolvedWorld,
  SERVFAILS,
  told,
  ZONE,
} from '../a-resolved-zone.ts';

const DOT = 'tls://203.0.113.1?name=dns.test';
const DOH = 'https://dns.test/dns-query';
const GOOD_HTTP = { status: 200, version: '2', contentType: 'application/dns-message', maxAgeS: 300 };

type Over = Partial<Omit<DnsInput, 'kind'>>;
type Changed = (exchange: QueryExchange) => Partial<QueryExchange>;

const nothing: Changed = () => ({});

/** A run in which what came of a question is changed by what no reply tells: certificates and HTTP. */
async function found(
  world: World,
  id: AssertionId,
  over: Over,
  changed: Changed = nothing,
): Promise<string[]> {
  const settings = dnsSettingsOf({ ...DECLARED, aspects: ['encrypted'], ...over });
  const inquirer = await inquire(
    {
      settings,
      vantage: { kind: 'node', transports: ['udp', 'tcp', 'tls', 'https'] },
      nowMs: WORLD_MS,
      salt: 'salt7x',
    },
    async (task) => {
      const exchange = await world.ask(task);
      if (exchange.task.kind !== 'query') return exchange;
      const query = exchange as QueryExchange;
      // The world's ids are 1; over HTTPS they are 0 (RFC 8484 section 4.1).
      const reply = query.task.transport === 'https' && query.reply ? withId0(query.reply) : query.reply;
      return { ...query, reply, ...changed(query) };
    },
    () => false,
  );
  return told(inquirer.findings().filter((finding) => finding.id === id));
}

function withId0(reply: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(reply);
  copy[0] = 0;
  copy[1] = 0;
  return copy;
}

const dotWorld = () => resolvedWorld().resolve(DOT, [ZONE]);
const dohWorld = (quirk?: Quirk) => resolvedWorld().resolve(DOH, [ZONE], quirk);

describe('certificates (F1)', () => {
  const days =
    (count: number, protocol = 'TLSv1.3'): Changed =>
    ({ task }) =>
      task.transport === 'tls' ? { tls: { protocol, validToMs: WORLD_MS + count * MS_PER_DAY } } : {};

  it.each([
    [14, []],
    [13.9, [`warn F1 ${DOT}: ${DOT} has a certificate that ends in 13 days.`]],
    [3, [`warn F1 ${DOT}: ${DOT} has a certificate that ends in 3 days.`]],
    [2.9, [`fail F1 ${DOT}: ${DOT} has a certificate that ends in 2 days.`]],
    [-1, [`fail F1 ${DOT}: ${DOT} has a certificate that has expired.`]],
  ])('valid for %d days', async (count, expected) => {
    expect(await found(dotWorld(), 'F1', { resolvers: [DOT] }, days(count))).toEqual(expected);
  });

  it('a handshake that fails, whoever else is well', async () => {
    const failed: Changed = ({ task }) =>
      task.transport === 'tls'
        ? { reply: undefined, trouble: { class: 'TLS_FAIL', message: 'certificate is for other.test' } }
        : {};
    expect(await found(dotWorld(), 'F1', { resolvers: [R1, DOT] }, failed)).toEqual([
      `fail F1 ${DOT}: ${DOT} cannot be trusted over TLS: certificate is for other.test.`,
    ]);
    const ours: Changed = (exchange) => {
      const { trouble } = failed(exchange);
      return trouble ? { reply: undefined, trouble: { ...trouble, probeFault: true } } : {};
    };
    expect(await found(dotWorld(), 'F1', { resolvers: [R1, DOT] }, ours)).toEqual([]);
  });

  it('an old protocol', async () => {
    expect(await found(dotWorld(), 'F1', { resolvers: [DOT] }, days(90, 'TLSv1.1'))).toEqual([
      `fail F1 ${DOT}: ${DOT} speaks TLSv1.1; TLS 1.2 is the least (RFC 8996).`,
    ]);
  });
});

describe('DoH (F2)', () => {
  const http =
    (over: Partial<typeof GOOD_HTTP>): Changed =>
    ({ task }) =>
      task.transport === 'https' ? { http: { ...GOOD_HTTP, ...over } } : {};

  it.each([
    [{}, []],
    [{ contentType: 'application/dns-message; charset=x' }, []],
    [{ contentType: 'text/html' }, ['fail F2 sends text/html instead of application/dns-message.']],
    [{ status: 404 }, ['fail F2 replies to DoH with HTTP 404, not with 200.']],
    [
      { maxAgeS: 301 },
      ['fail F2 lets HTTP caches keep an answer for 301 s that is valid for 300 s (RFC 8484 section 5.1).'],
    ],
  ])('with %j', async (over, expected) => {
    const findings = await found(dohWorld(), 'F2', { resolvers: [DOH] }, http(over));
    expect(findings.map((text) => text.replace(` ${DOH}: ${DOH}`, ''))).toEqual(expected);
  });

  it('GET must give what POST gives', async () => {
    const byGet =
      (quirk: Quirk): Quirk =>
      (query, usual) =>
        query.manner === 'get' ? quirk(query, usual) : undefined;
    expect(await found(dohWorld(byGet(SERVFAILS)), 'F2', { resolvers: [DOH] }, http({}))).toEqual([
      `fail F2 ${DOH}: ${DOH} gives www.example.test A by GET SERVFAIL, by POST an answer.`,
    ]);
    const other = byGet((query, usual) => ({ ...usual, answers: [anAddress(query.name, '198.51.100.1')] }));
    expect(await found(dohWorld(other), 'F2', { resolvers: [DOH] }, http({}))).toEqual([
      `warn F2 ${DOH}: ${DOH} gives www.example.test A other records by GET than by POST.`,
    ]);
    const over = { resolvers: [DOH], rotation: { addresses: 2 } };
    expect(await found(dohWorld(other), 'F2', over, http({}))).toEqual([]);
  });

  it('an id that is not 0', async () => {
    const kept: Changed = ({ task, reply }) => (task.transport === 'https' ? { reply, http: GOOD_HTTP } : {});
    expect((await found(dohWorld(), 'F2', { resolvers: [DOH] }, kept))[0]).toContain(
      'with the id 1 to a question',
    );
  });
});

describe('the same over every transport (F3)', () => {
  const overTcp =
    (quirk: Quirk): Quirk =>
    (query, usual) =>
      query.transport === 'tcp' ? quirk(query, usual) : undefined;

  it('another class, of a server of the zone and of a resolver', async () => {
    expect(await found(resolvedWorld({ ns1: overTcp(DENIES) }), 'F3', {})).toEqual([
      `fail F3 ${NS1}: ${NS1} does not say the same of www.example.test A over every transport: UDP an answer, TCP no such name (NXDOMAIN).`,
    ]);
    const one = await found(resolvedWorld({ r1: overTcp(DENIES) }), 'F3', {});
    expect(one.map((text) => text.slice(0, 7))).toEqual(['warn F3']);
    const alone = await found(resolvedWorld({ r1: overTcp(DENIES) }), 'F3', { resolvers: [R1] });
    expect(alone.map((text) => text.slice(0, 7))).toEqual(['fail F3']);
  });

  it('silence is told elsewhere', async () => {
    expect(await found(resolvedWorld({ ns1: overTcp(() => SILENT) }), 'F3', {})).toEqual([]);
  });

  it('other records, unless they are declared to change', async () => {
    const fewer = overTcp((query, usual) => ({ ...usual, answers: [anAddress(query.name, '198.51.100.1')] }));
    const world = () => resolvedWorld({ ns2: fewer, r1: fewer });
    expect(await found(world(), 'F3', {})).toEqual([
      `fail F3 ${NS2}: ${NS2} does not say the same of www.example.test A over every transport: UDP 2 records, TCP 1 record.`,
      `warn F3 ${R1}: ${R1} does not say the same of www.example.test A over every transport: UDP 2 records, TCP 1 record.`,
    ]);
    expect(await found(world(), 'F3', { rotation: { addresses: 2 } })).toEqual([]);
  });

  it('a resolver that is listed by two schemes is one host', async () => {
    const world = resolvedWorld().resolve(DOT, [ZONE], SERVFAILS);
    const findings = await found(world, 'F3', { resolvers: [R1, DOT] });
    expect(findings).toEqual([
      `fail F3 ${R1}: ${R1} does not say the same of www.example.test A over every transport: UDP an answer, TCP an answer, TLS SERVFAIL.`,
    ]);
  });
});

describe('error reporting (F4)', () => {
  it('tells the agent domain', async () => {
    // RFC 9567: option 18 with the agent domain on the wire.
    const data = Uint8Array.from([5, 97, 103, 101, 110, 116, 4, 116, 101, 115, 116, 0]);
    const reports: Quirk = (_query, usual) =>
      usual.edns ? { ...usual, edns: { ...usual.edns, options: [{ code: 18, data }] } } : undefined;
    expect(await found(resolvedWorld({ ns1: reports, ns2: reports }), 'F4', {})).toEqual([
      'info F4 example.test: Resolvers are asked to report errors of example.test to agent.test (RFC 9567).',
    ]);
    expect(await found(resolvedWorld(), 'F4', {})).toEqual([]);
  });
});
