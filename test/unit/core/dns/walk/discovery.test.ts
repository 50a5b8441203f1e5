import { describe, expect, it } from 'vitest';
import { dnsSettingsOf, type DnsInput } from '#core/checks/dns.ts';
import type { Inquiry } from '#core/dns/asking/inquiry.ts';
import { Inquirer } from '#core/dns/run/inquirer.ts';
import { recordsAt } from '#core/dns/zone/zone.ts';
import { NODE, run, SILENT, WORKER, type Quirk, type World } from '#test/fixtures/dns/world.ts';
import { zoneFrom } from '#test/fixtures/dns/zone-reply.ts';
import {
  delegatedWorld,
  NS1 as DELEGATED1,
  NS2 as DELEGATED2,
  PARENT_ZONE,
  WALKED,
} from '../a-delegated-zone.ts';
import { DENIES, ELSEWHERE, NS1, NS2, R1, R2, resolvedWorld, SERVFAILS, ZONE } from '../a-resolved-zone.ts';

type Input = Omit<DnsInput, 'kind'>;

async function known(world: World, input: Input, vantage?: typeof WORKER): Promise<Inquiry> {
  const aspects = input.aspects ?? ['resolvability' as const];
  return (await run(world, { aspects, ...input }, vantage)).inquiry();
}

const urls = ({ authorities }: Inquiry) => authorities?.map(({ url }) => url);
const silent: Quirk = () => SILENT;
const name = 'www.example.test';

describe('declared', () => {
  it('wins, and nobody is asked', async () => {
    const world = resolvedWorld();
    const inquiry = await known(world, { name, zone: 'example.test', authorities: [NS2], resolvers: [R1] });
    expect(inquiry.zone).toBe('example.test');
    expect(urls(inquiry)).toEqual([NS2]);
    expect(world.asked.filter((task) => task.kind === 'query' && task.type === 6)).toEqual([]);
  });

  it('the zone of declared servers is what the first of them that speaks of it says', async () => {
    const inquiry = await known(resolvedWorld({ ns1: silent }), { name, authorities: [NS1, NS2] });
    expect(inquiry.zone).toBe('example.test');
    expect(urls(inquiry)).toEqual([NS1, NS2]);
  });

  it('the servers of a declared zone are looked up', async () => {
    const inquiry = await known(resolvedWorld(), { name, zone: 'example.test', resolvers: [R1] });
    expect(urls(inquiry)).toEqual([NS1, NS2]);
  });
});

describe('through resolvers', () => {
  it('the zone, its servers and their names', async () => {
    const inquiry = await known(resolvedWorld(), { name, resolvers: [R1, R2] });
    expect(inquiry.zone).toBe('example.test');
    expect(inquiry.authorities?.map(({ url, title }) => `${title} ${url}`)).toEqual([
      `ns1.example.test ${NS1}`,
      `ns2.example.test ${NS2}`,
    ]);
  });

  it('by a name that does not exist, and by its alias, whose own SOA is of another zone', async () => {
    const gone = await known(resolvedWorld(), { name: 'no.such.example.test', resolvers: [R1] });
    expect(gone.zone).toBe('example.test');
    // A resolver gives the SOA of the zone an alias leads to.
    const follows: Quirk = (query, usual) =>
      query.name === 'out.example.test' && query.type === 6
        ? { ...usual, authorities: recordsAt(zoneFrom(ELSEWHERE), 'elsewhere.test', 6) }
        : undefined;
    const alias = await known(resolvedWorld({ r1: follows }), { name: 'out.example.test', resolvers: [R1] });
    expect(alias.zone).toBe('example.test');
  });

  it('the next one when the first is silent or fails', async () => {
    for (const quirk of [silent, SERVFAILS]) {
      const inquiry = await known(resolvedWorld({ r1: quirk }), { name, resolvers: [R1, R2] });
      expect(urls(inquiry)).toEqual([NS1, NS2]);
    }
  });

  it('is not known while nobody has said anything', async () => {
    const inquiry = await known(resolvedWorld({ r1: silent, r2: silent }), { name, resolvers: [R1, R2] });
    expect(inquiry).toMatchObject({ zone: undefined, authorities: undefined });
  });

  it('from a Worker over TCP alone', async () => {
    const world = resolvedWorld();
    const inquiry = await known(world, { name, resolvers: [R1] }, WORKER);
    expect(urls(inquiry)).toEqual([NS1, NS2]);
    const transports = world.asked.map((task) => (task.kind === 'query' ? task.transport : ''));
    expect([...new Set(transports)]).toEqual(['tcp']);
  });
});

describe('IPv6', () => {
  const zone = `${ZONE}ns1 600 IN AAAA 2001:db8::1\n`;

  it('counts where one of the addresses answers', async () => {
    const world = resolvedWorld({}, zone).serve('dns://[2001:db8::1]', [zone]);
    expect(urls(await known(world, { name, resolvers: [R1] }))).toEqual([NS1, NS2, 'dns://[2001:db8::1]']);
  });

  it('is no fault of the zone where none does', async () => {
    const inquirer = await run(resolvedWorld({}, zone), {
      name,
      resolvers: [R1],
      aspects: ['resolvability'],
    });
    expect(urls(inquirer.inquiry())).toEqual([NS1, NS2]);
    expect(inquirer.findings()).toEqual([]);
  });
});

describe('by the delegation', () => {
  it('where there is no resolver, and where no resolver says anything', async () => {
    for (const input of [WALKED, { ...WALKED, resolvers: [R1] }]) {
      const inquiry = await known(delegatedWorld(), input);
      expect(inquiry.zone).toBe('example.test');
      expect(urls(inquiry)).toEqual([DELEGATED1, DELEGATED2]);
    }
  });

  it('a zone whose servers are all silent has them all the same', async () => {
    const inquirer = await run(delegatedWorld({ quirks: { ns1: silent, ns2: silent } }), {
      ...WALKED,
      aspects: ['resolvability'],
    });
    expect(urls(inquirer.inquiry())).toEqual([DELEGATED1, DELEGATED2]);
    expect(inquirer.findings().map(({ id, severity }) => `${severity} ${id}`)).toContain('fail A1');
  });

  it('a zone that is gone is its parent, which says so', async () => {
    const parent = PARENT_ZONE.replaceAll(/^(ns\d\.)?example .*\n/gm, '');
    const inquirer = await run(delegatedWorld({ parent }), { ...WALKED, aspects: ['resolvability'] });
    expect(inquirer.inquiry().zone).toBe('test');
    const [first] = inquirer.findings();
    expect(first).toMatchObject({ id: 'A1', severity: 'fail', outcome: 'NXDOMAIN' });
  });

  it('is not known from where no root can be reached', async () => {
    const inquiry = await known(delegatedWorld({ quirks: { root: silent } }), WALKED);
    expect(inquiry).toMatchObject({ zone: undefined, authorities: undefined });
  });
});

it('says nothing of a name that is denied by a resolver alone', async () => {
  const inquiry = await known(resolvedWorld({ r1: DENIES }), { name, resolvers: [R1] });
  expect(inquiry).toMatchObject({ zone: undefined, authorities: undefined });
});

it('a resolver that has not said a word is not waited for while there is another', async () => {
  const world = resolvedWorld({ r1: silent });
  const settings = dnsSettingsOf({ name, resolvers: [R1, R2], aspects: ['resolvability'] });
  const inquirer = new Inquirer({ settings, vantage: NODE, nowMs: 0, salt: 'salt7x' });
  for (let round = 0; round < 3; round += 1)
    await Promise.all(inquirer.next().map(async (task) => inquirer.add(await world.ask(task))));
  // The zone in the first round, its name servers in the second, their addresses in the third.
  expect(urls(inquirer.inquiry())).toEqual([NS1, NS2]);
});
