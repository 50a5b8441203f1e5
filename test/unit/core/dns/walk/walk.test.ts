import { describe, expect, it } from 'vitest';
import { dnsSettingsOf } from '#core/checks/dns.ts';
import { RCODE } from '#core/dns/codec/registry.ts';
import { rootsOf } from '#core/dns/walk/roots.ts';
import { addressesOf, delegationOf, walk } from '#core/dns/walk/walk.ts';
import { run, SILENT, WORKER, type Quirk, type World } from '#test/fixtures/dns/world.ts';
import {
  CHILD_ZONE,
  delegatedWorld,
  NS1,
  PARENT,
  PARENT_ZONE,
  ROOT,
  ROOT_ZONE,
  WALKED,
} from '../a-delegated-zone.ts';

const INPUT = { ...WALKED, aspects: ['delegation' as const] };
const refuses: Quirk = (_query, usual) => ({ ...usual, rcode: RCODE.REFUSED, answers: [], authorities: [] });

async function walkedIn(world: World, name = 'www.example.test', input = INPUT, vantage?: typeof WORKER) {
  return walk((await run(world, input, vantage)).inquiry(), name);
}

describe('walk', () => {
  it('goes from the root to the zone, referral by referral, with the glue', async () => {
    const walked = await walkedIn(delegatedWorld());
    expect(walked.levels.map(({ zone }) => zone)).toEqual(['.', 'test', 'example.test']);
    expect(walked.end).toEqual({ kind: 'reached', zone: 'example.test', exists: true });
    const delegation = delegationOf(walked, 'example.test');
    expect(delegation?.by.url).toBe(PARENT);
    expect(delegation?.referral.servers).toEqual([
      { name: 'ns1.example.test', glue: ['127.0.0.4'] },
      { name: 'ns2.example.test', glue: ['127.0.0.5'] },
    ]);
  });

  it('goes over TCP where there is no UDP', async () => {
    const world = delegatedWorld();
    expect((await walkedIn(world, 'www.example.test', INPUT, WORKER)).end?.kind).toBe('reached');
    expect(world.asked.every((task) => task.kind !== 'query' || task.transport !== 'udp')).toBe(true);
  });

  it('asks over TCP when the referral is lost over UDP', async () => {
    const lossy: Quirk = (query) => (query.transport === 'udp' ? SILENT : undefined);
    expect((await walkedIn(delegatedWorld({ quirks: { parent: lossy } }))).end?.kind).toBe('reached');
  });

  it('goes round a server that is lame', async () => {
    const walked = await walkedIn(delegatedWorld({ quirks: { ns1: refuses } }));
    expect(walked.end?.kind).toBe('reached');
    expect(walked.levels.at(-1)?.by?.url).not.toBe(NS1);
  });

  it('is stuck where no server leads on, and says what they said', async () => {
    const walked = await walkedIn(delegatedWorld({ quirks: { parent: refuses } }));
    expect(walked.end).toEqual({ kind: 'stuck', zone: 'test', why: 'a.nic.test (REFUSED)' });
  });

  it('does not follow a referral that leads back up', async () => {
    const upward: Quirk = (_query, usual) => ({
      ...usual,
      authoritative: false,
      answers: [],
      authorities: [{ name: '.', type: 2, ttlS: 1, rdata: { kind: 'NS', target: 'a.root-servers.net' } }],
    });
    const walked = await walkedIn(delegatedWorld({ quirks: { parent: upward } }));
    expect(walked.end).toMatchObject({ kind: 'stuck', zone: 'test', why: 'a.nic.test (a referral to .)' });
  });

  it('does not go round in a zone whose servers refer to themselves', async () => {
    const inward: Quirk = (_query, usual) => ({
      ...usual,
      authoritative: false,
      answers: [],
      authorities: [
        { name: 'example.test', type: 2, ttlS: 1, rdata: { kind: 'NS', target: 'ns1.example.test' } },
      ],
      additionals: [
        { name: 'ns1.example.test', type: 1, ttlS: 1, rdata: { kind: 'A', address: '127.0.0.4' } },
      ],
    });
    const walked = await walkedIn(delegatedWorld({ quirks: { ns1: inward, ns2: inward } }));
    expect(walked.end).toMatchObject({ kind: 'stuck', zone: 'example.test' });
    expect(walked.levels).toHaveLength(3);
  });

  it('asks the root servers one by one, and the next when one is silent', async () => {
    const roots = ['dns://127.0.0.98:5300', 'dns://127.0.0.99:5300', ROOT];
    const world = delegatedWorld();
    const walked = await walkedIn(world, 'www.example.test', { ...INPUT, roots });
    expect(walked.end?.kind).toBe('reached');
    const asked = world.asked.flatMap((task) => (task.kind === 'query' ? [task.server.url] : []));
    expect(asked.indexOf(PARENT)).toBeGreaterThan(asked.indexOf(ROOT));
    const whole = delegatedWorld().serve('dns://127.0.0.98:5300', [ROOT_ZONE]);
    await walkedIn(whole, 'www.example.test', { ...INPUT, roots: [ROOT, 'dns://127.0.0.98:5300'] });
    const rootsAsked = whole.asked.flatMap((task) =>
      task.kind === 'query' && task.server.host !== '127.0.0.3' && !/\.[45]$/.test(task.server.host)
        ? [task.server.url]
        : [],
    );
    expect(new Set(rootsAsked).size).toBe(1);
  });

  it('says that a name does not exist', async () => {
    const walked = await walkedIn(delegatedWorld(), 'nowhere.test', { ...INPUT, name: 'nowhere.test' });
    expect(walked.end).toEqual({ kind: 'reached', zone: 'test', exists: false });
  });

  it('blames nobody when nothing could be asked from here', async () => {
    const none: Quirk = () => ({ class: 'NOT_MEASURABLE', message: 'no way out', probeFault: true });
    expect((await walkedIn(delegatedWorld({ quirks: { root: none } }))).end).toEqual({
      kind: 'not-measurable',
      zone: '.',
    });
  });

  it('finds the address of a name server without glue by a walk of its own', async () => {
    const parent = PARENT_ZONE.replaceAll(/^.*example.*$/gm, '').concat(
      'example 300 IN NS ns.helper\nhelper 300 IN NS ns1.helper\nns1.helper 300 IN A 127.0.0.6\n',
    );
    const world = delegatedWorld({ parent }).serve('dns://127.0.0.6:5300', [
      '$ORIGIN helper.test.\n@ 300 IN SOA ns1 hostmaster 1 1 1 1 1\n@ 300 IN NS ns1\nns1 300 IN A 127.0.0.6\nns 300 IN A 127.0.0.4\n',
    ]);
    const walked = await walkedIn(world);
    expect(walked.end?.kind).toBe('reached');
    expect(walked.levels.at(-1)?.by?.url).toBe(NS1);
  });

  it('ends when a name server can be found only through itself', async () => {
    const parent = PARENT_ZONE.replaceAll(/^.*example.*$/gm, '').concat(
      'example 300 IN NS ns.other\nother 300 IN NS ns.example\n',
    );
    const walked = await walkedIn(delegatedWorld({ parent }));
    expect(walked.end).toEqual({
      kind: 'stuck',
      zone: 'example.test',
      why: 'none of its servers has an address',
    });
  });
});

describe('addressesOf', () => {
  it('goes by the first resolver that says something', async () => {
    const world = delegatedWorld()
      .resolve('dns://127.0.0.53:5300', [CHILD_ZONE], () => SILENT)
      .resolve('dns://127.0.0.54:5300', [CHILD_ZONE]);
    const input = { ...INPUT, resolvers: ['dns://127.0.0.53:5300', 'dns://127.0.0.54:5300'] };
    const inquiry = (await run(world, input)).inquiry();
    expect(addressesOf(inquiry, 'ns1.example.test')).toMatchObject({
      addresses: ['127.0.0.4'],
      isOver: true,
    });
  });
});

describe('rootsOf', () => {
  const rootsFor = (input: Parameters<typeof dnsSettingsOf>[0]) =>
    rootsOf({ settings: dnsSettingsOf(input) })?.map(({ url }) => url);

  it('is what is declared', () => {
    expect(rootsFor({ name: 'a.example.test', roots: [ROOT] })).toEqual([ROOT]);
  });

  it('is the thirteen of the root zone for a public name', () => {
    expect(rootsFor({ name: 'portal.example.com' })).toHaveLength(13);
    expect(rootsFor({ name: 'portal.example.com', resolvers: ['9.9.9.9'] })).toContain('dns://198.41.0.4');
  });

  it('is none for names that are not of the root, and where all servers are inside', () => {
    expect(rootsFor({ name: 'a.example.test' })).toBeUndefined();
    expect(rootsFor({ name: 'portal.home.arpa' })).toBeUndefined();
    expect(rootsFor({ name: 'portal.example.com', resolvers: ['10.0.0.53'] })).toBeUndefined();
    expect(rootsFor({ name: 'portal.example.com', authorities: ['127.0.0.1:5301'] })).toBeUndefined();
    expect(rootsFor({ name: 'portal.corp' })).toBeUndefined();
    const resolvers = ['10.0.0.53', 'https://dns.example.com/dns-query'];
    expect(rootsFor({ name: 'portal.example.com', resolvers, authorities: ['10.0.0.1'] })).toBeUndefined();
    expect(rootsFor({ name: 'portal.example.com', resolvers })).toHaveLength(13);
  });
});
