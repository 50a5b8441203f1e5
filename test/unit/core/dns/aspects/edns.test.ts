import { describe, expect, test } from 'vitest';
import { dnsSettingsOf, type DnsInput } from '#core/checks/dns.ts';
import type { Ask, Query, QueryExchange, Trouble } from '#core/dns/asking/exchange.ts';
import { encodeResponse, type ResponseFields } from '#core/dns/codec/encode.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import { inquire } from '#core/dns/run/inquirer.ts';
import { findingsOf, run, SILENT, WORKER, World, WORLD_MS, type Quirk } from '#test/fixtures/dns/world.ts';
import { ONE, poolZone, TWO } from '../a-pool.ts';

const ZONE = poolZone(0);
const CHECK: Omit<DnsInput, 'kind'> = {
  name: 'www.example.test',
  zone: 'example.test',
  authorities: [ONE],
  aspects: ['edns'],
};

/** A server as the standard wants it: what it does not know it says so, or passes over. */
const sound: Quirk = ({ opcode = 0, edns }, usual) => {
  if (opcode !== 0) return { ...usual, rcode: RCODE.NOTIMP, answers: [], authorities: [] };
  if (edns?.version) return { ...usual, rcode: RCODE.BADVERS, answers: [], authorities: [] };
  return undefined;
};

const but =
  (quirk: Quirk): Quirk =>
  (query, usual) =>
    quirk(query, usual) ?? sound(query, usual);

const hasOption = ({ edns }: Query) => (edns?.options?.length ?? 0) > 0;
const withoutOpt = ({ edns: _edns, ...usual }: ResponseFields): ResponseFields => usual;

async function told(quirk: Quirk, input: Partial<typeof CHECK> = {}): Promise<string[]> {
  const findings = await findingsOf(new World().serve(ONE, [ZONE], quirk), { ...CHECK, ...input });
  return findings.map(({ id, severity, subject }) => `${id} ${severity} ${subject}`);
}

describe('EDNS compliance', () => {
  test('of a server that keeps to the standard is nothing to tell', async () => {
    expect(await told(sound)).toEqual([]);
  });

  test.each<[string, Quirk, string]>([
    [
      'no reply to EDNS',
      ({ edns, transport }) => (edns && transport === 'udp' ? SILENT : undefined),
      'B10 fail EDNS',
    ],
    [
      'no reply to a question without EDNS',
      ({ edns, opcode }) => (edns || opcode ? undefined : SILENT),
      'B10 fail a question without EDNS',
    ],
    [
      'another version taken for its own',
      ({ edns }, usual) => (edns?.version ? usual : undefined),
      'B10 warn EDNS version 100',
    ],
    [
      'another version met with silence',
      ({ edns }) => (edns?.version ? SILENT : undefined),
      'B10 warn EDNS version 100',
    ],
    [
      'an option sent back',
      (query, usual) =>
        hasOption(query)
          ? { ...usual, edns: { udpBytes: 1_232, dnssecOk: false, options: query.edns?.options } }
          : undefined,
      'B10 warn an unknown EDNS option',
    ],
    [
      'an option it cannot bear',
      (query, usual) => (hasOption(query) ? { ...usual, rcode: RCODE.FORMERR, answers: [] } : undefined),
      'B10 fail an unknown EDNS option',
    ],
    [
      'a flag sent back',
      ({ edns }, usual) =>
        edns?.z ? { ...usual, edns: { udpBytes: 1_232, dnssecOk: false, z: edns.z } } : undefined,
      'B10 warn an unknown EDNS flag',
    ],
    [
      'no EDNS in the reply to a small offer',
      ({ edns }, usual) => (edns?.udpBytes === 512 ? withoutOpt(usual) : undefined),
      'B10 warn DNSKEY with DO in 512 octets',
    ],
    [
      'an unknown type refused',
      ({ type }, usual) => (type === 1_000 ? { ...usual, rcode: RCODE.NOTIMP } : undefined),
      'B10 warn an unknown record type',
    ],
    [
      'an unknown opcode answered',
      ({ opcode }, usual) => (opcode ? usual : undefined),
      'B10 warn an unknown opcode',
    ],
    [
      'an unknown opcode dropped, as PowerDNS does',
      ({ opcode }) => (opcode ? SILENT : undefined),
      'B10 warn an unknown opcode',
    ],
    [
      'no EDNS over TCP',
      ({ transport }, usual) => (transport === 'tcp' ? withoutOpt(usual) : undefined),
      'B10 warn EDNS over TCP',
    ],
    [
      'silence to EDNS over TCP',
      ({ transport, edns }) => (transport === 'tcp' && edns ? SILENT : undefined),
      'B10 fail EDNS over TCP',
    ],
  ])('%s', async (_, quirk, expected) => {
    expect(await told(but(quirk))).toEqual([expected]);
  });

  test('DO that does not come back warns', async () => {
    const quirk: Quirk = ({ edns }, usual) =>
      edns?.dnssecOk ? { ...usual, edns: { udpBytes: 1_232, dnssecOk: false } } : undefined;
    expect(await told(but(quirk))).toEqual(['B10 warn EDNS with DO']);
  });

  test('our own trouble says nothing of the server', async () => {
    const own: Trouble = { class: 'NOT_MEASURABLE', message: 'no way out', probeFault: true };
    expect(await told(but(({ edns }) => (edns?.version ? own : undefined)))).toEqual([]);
  });

  test('servers alike in a fault are one finding', async () => {
    const dropping = but(({ opcode }) => (opcode ? SILENT : undefined));
    const world = new World().serve(ONE, [ZONE], dropping).serve(TWO, [ZONE], dropping);
    const findings = await findingsOf(world, { ...CHECK, authorities: [ONE, TWO] });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain('The same at all 2 authorities.');
  });

  test('a server that says nothing is one finding, and is not asked the whole list', async () => {
    const world = new World().serve(ONE, [ZONE], ({ transport }) =>
      transport === 'udp' ? SILENT : undefined,
    );
    const inquirer = await run(world, CHECK);
    expect(inquirer.findings()).toMatchObject([{ id: 'A2', severity: 'fail', subject: ONE }]);
    const udp = world.asked.filter((task) => task.kind === 'query' && task.transport === 'udp');
    // Plainly and with EDNS.
    expect(udp).toHaveLength(2);
  });

  test('where reaching servers is looked at, silence is left to it', async () => {
    const world = new World().serve(ONE, [ZONE], () => SILENT);
    const findings = await findingsOf(world, { ...CHECK, aspects: ['edns', 'resolvability'] });
    expect(findings.filter(({ id }) => id === 'B10')).toEqual([]);
    expect(findings.filter(({ id, message }) => id === 'A2' && message.includes('UDP'))).toHaveLength(1);
  });

  test('a Worker asks over TCP what can be asked there', async () => {
    const world = new World().serve(
      ONE,
      [ZONE],
      but(({ transport }, usual) => (transport === 'tcp' ? withoutOpt(usual) : undefined)),
    );
    const findings = await findingsOf(world, CHECK, undefined, WORKER);
    expect(findings.map(({ subject }) => subject)).toEqual(['EDNS over TCP']);
  });
});

describe('UDP sizes', () => {
  test('a reply over what was offered fails, whoever asked', async () => {
    const world = new World().serve(ONE, [ZONE], sound);
    const additionals = Array.from({ length: 40 }, (_, at) => ({
      name: 'ns1.example.test',
      type: RR_TYPES.A,
      ttlS: 300,
      rdata: { kind: 'A' as const, address: `192.0.2.${at + 1}` },
    }));
    const ask: Ask = async (task) => {
      const exchange = await world.ask(task);
      if (task.kind !== 'query' || task.edns?.udpBytes !== 512 || exchange.task.kind !== 'query')
        return exchange;
      const { name, type, edns } = task;
      const reply = encodeResponse({ id: 1, name, type, recursionDesired: false, edns, additionals });
      return { ...(exchange as QueryExchange), reply };
    };
    const settings = dnsSettingsOf(CHECK);
    const vantage = { kind: 'node' as const, transports: ['udp', 'tcp'] as const };
    const honest = await inquire(
      { settings, vantage, nowMs: WORLD_MS, salt: 'salt7x' },
      world.ask,
      () => false,
    );
    expect(honest.findings()).toEqual([]);
    const fat = await inquire({ settings, vantage, nowMs: WORLD_MS, salt: 'salt7x' }, ask, () => false);
    expect(fat.findings()).toMatchObject([
      { id: 'B9', severity: 'fail', subject: ONE, figures: { wireBytes: 685, offeredBytes: 512 } },
    ]);
  });
});
