import { describe, expect, test } from 'vitest';
import type { DnsInput } from '#core/checks/dns.ts';
import { findingsOf, WORKER, World, type Quirk } from '#test/fixtures/dns/world.ts';
import { ONE, poolZone, RESOLVER, TWO } from '../a-pool.ts';

const CHECK: Omit<DnsInput, 'kind'> = {
  name: 'pool.example.test',
  zone: 'example.test',
  authorities: [ONE],
  aspects: ['profiles'],
};

const PHONE = {
  title: 'phone of the door',
  appliesTo: 'the old phones at the doors',
  udpBytes: 512,
  edns: false,
  tcp: 'none' as const,
};

const ALL_OFF = [
  'musl-behind-bind',
  'musl-behind-unbound',
  'stub-without-tcp',
  'tcp-dropped',
  'twenty-nxdomain',
  'twenty-silent',
];

const partial: Quirk = ({ transport, edns }, usual) =>
  transport === 'udp' && !edns
    ? { ...usual, truncated: true, answers: usual.answers?.slice(0, 29) }
    : undefined;

describe('client profiles', () => {
  test('20 addresses are fine for all of them', async () => {
    expect(await findingsOf(new World().serve(ONE, [poolZone(20)]), CHECK)).toEqual([]);
  });

  test('40 addresses fail each that cannot have them, once for all authorities', async () => {
    const world = new World().serve(ONE, [poolZone(40)]).serve(TWO, [poolZone(40)]);
    const findings = await findingsOf(world, { ...CHECK, authorities: [ONE, TWO] });
    expect(findings.map(({ id, severity, subject }) => `${id} ${severity} ${subject}`)).toEqual(
      ALL_OFF.map((id) => `B16 fail ${id}`),
    );
    expect(findings[0]?.message).toContain('The same at all 2 authorities.');
  });

  test('those that are off do not count', async () => {
    const world = new World().serve(ONE, [poolZone(40)]);
    expect(await findingsOf(world, { ...CHECK, profilesOff: ALL_OFF })).toEqual([]);
  });

  test('one of the check’s own goes by how the authority truncates', async () => {
    const input = { ...CHECK, profilesOff: ALL_OFF, profiles: { phone: PHONE } };
    const cut = await findingsOf(new World().serve(ONE, [poolZone(40)], partial), input);
    expect(cut).toMatchObject([{ subject: 'phone', figures: { records: 40, seenRecords: 29 } }]);
    const emptied = await findingsOf(new World().serve(ONE, [poolZone(40)]), input);
    expect(emptied).toMatchObject([{ subject: 'phone', figures: { records: 40, seenRecords: 0 } }]);
  });

  test('without UDP nothing is taken to be left of a truncated answer', async () => {
    const input = { ...CHECK, profilesOff: ALL_OFF, profiles: { phone: PHONE } };
    const findings = await findingsOf(new World().serve(ONE, [poolZone(40)], partial), input, 'B16', WORKER);
    expect(findings).toMatchObject([{ subject: 'phone', figures: { seenRecords: 0 } }]);
  });

  test('without an authority a resolver’s answer serves', async () => {
    const world = new World().resolve(RESOLVER, [poolZone(40)]);
    const findings = await findingsOf(world, { ...CHECK, authorities: [], resolvers: [RESOLVER] });
    expect(findings.map(({ subject }) => subject)).toEqual(ALL_OFF);
    expect(findings[0]?.message).toContain(`By the answer of resolver ${RESOLVER}.`);
  });

  test('a name without such records is not for profiles to judge', async () => {
    expect(await findingsOf(new World().serve(ONE, [poolZone(40)]), { ...CHECK, types: ['AAAA'] })).toEqual(
      [],
    );
    expect(
      await findingsOf(new World().serve(ONE, [poolZone(40)]), { ...CHECK, name: 'none.example.test' }),
    ).toEqual([]);
  });
});
