import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOnce } from '#test/fixtures/dns/check-once.ts';
import { Lab, type LabServer } from '#test/fixtures/dns/lab.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { startBind } from '#test/fixtures/dns/servers/bind.ts';
import { startKnot } from '#test/fixtures/dns/servers/knot.ts';
import { startNsd } from '#test/fixtures/dns/servers/nsd.ts';
import { startParents, WALK_HOSTS, walkPort } from '#test/fixtures/dns/servers/parents.ts';
import { countedNames, exampleZone, zoneHead, type NameServer, type Zone } from '#test/fixtures/dns/zones.ts';

const [FIRST, SECOND, THIRD] = WALK_HOSTS.authorities;

/** Knot adds one to the serial of a zone that it signs. */
const NEWER = 7;

const serversAt = (...addresses: string[]): NameServer[] =>
  addresses.map((address, at) => ({ name: `ns${at + 1}`, address }));

const smallZone = (name: string, servers: NameServer[], serial = 1): Zone => ({
  name,
  text: `${[...zoneHead(name, servers, serial), ...countedNames([8])].join('\n')}\n`,
});

describe.skipIf(cannotStart('named', 'nsd', 'knotd', 'openssl'))('the way from the root to a name', () => {
  let lab: Lab;
  let root: LabServer;
  let port: number;

  beforeAll(async () => {
    lab = await Lab.open();
    port = await walkPort();
    const good = serversAt(FIRST, SECOND);
    const half = serversAt(SECOND, THIRD);
    const late = serversAt(SECOND, THIRD);
    const [parents] = await Promise.all([
      startParents(lab, port, [
        { zone: 'example.test', servers: good },
        { zone: 'half.test', servers: half },
        { zone: 'late.test', servers: late },
      ]),
      startBind(lab, { port, zones: [exampleZone(good)] }),
      startNsd(lab, {
        hosts: [SECOND],
        port,
        zones: [exampleZone(good), smallZone('half.test', half), smallZone('late.test', late, NEWER)],
      }),
      startKnot(lab, { hosts: [THIRD], port, zones: [smallZone('late.test', late)] }),
    ]);
    root = parents.root;
  });
  afterAll(() => lab.close());

  const look = (name: string, roots = [root.url]) =>
    checkOnce({ name, roots, aspects: ['resolvability', 'delegation'] });
  const worse = ({ findings }: Awaited<ReturnType<typeof look>>): string[] =>
    findings.filter(({ severity }) => severity !== 'info').map(({ id, severity }) => `${id} ${severity}`);

  it('finds the zone and its servers by two referrals, and nothing wrong with them', async () => {
    const found = await look('a8.example.test');
    expect(found.inquiry.zone).toBe('example.test');
    expect(found.inquiry.authorities?.map(({ title, url }) => [title, url])).toEqual([
      ['ns1.example.test', `dns://${FIRST}:${port}`],
      ['ns2.example.test', `dns://${SECOND}:${port}`],
    ]);
    expect(worse(found)).toEqual([]);
  });

  it('tells of a listed server that does not serve the zone', async () => {
    const found = await look('a8.half.test');
    expect(found.findings.find(({ id }) => id === 'D3')).toMatchObject({
      severity: 'fail',
      subject: `dns://${THIRD}:${port}`,
    });
    expect(worse(found)).toEqual(expect.arrayContaining(['D3 fail', 'A1 fail']));
  });

  it('tells of a server that has an older zone', async () => {
    const found = await look('a8.late.test');
    expect(found.findings.find(({ id }) => id === 'D1')).toMatchObject({
      severity: 'warn',
      figures: { serials: 2, servers: 2 },
    });
  });

  it('ends where the delegation ends: a name that nobody has', async () => {
    const found = await look('a8.nowhere.test');
    expect(found.inquiry.zone).toBe('test');
    expect(found.findings.find(({ id }) => id === 'A1')).toMatchObject({
      severity: 'fail',
      outcome: 'NXDOMAIN',
    });
  });
});
