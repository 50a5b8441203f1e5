import { describe, expect, it } from 'vitest';
import type { DnsInput } from '#core/checks/dns.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import type { AssertionId, Finding } from '#core/dns/findings/finding.ts';
import { findingsOf, run, SILENT, World, type Quirk } from '#test/fixtures/dns/world.ts';

/** Public addresses, so that nothing here is a lab; nobody is asked anything for real. */
const NS1 = 'dns://9.9.9.1';
const NS2 = 'dns://9.9.9.2';
const R1 = 'dns://8.8.8.1';
const R2 = 'dns://8.8.8.2';
const R3 = 'dns://8.8.8.3';

const ZONE = `$ORIGIN example.com.
@ 300 IN SOA ns1 hostmaster 1 3600 900 604800 300
@ 300 IN NS ns1
@ 300 IN MX 10 Mail
@ 300 IN TXT "v=spf1 " "-all"
@ 300 IN CAA 0 issue "ca.example.net"
ns1 300 IN A 9.9.9.1
www 300 IN A 1.2.3.4
www 300 IN A 1.2.3.5
www 300 IN AAAA 2600::1
alias 300 IN HTTPS 0 www
broken 300 IN HTTPS 0 nowhere
`;

const INPUT = {
  name: 'www.example.com',
  zone: 'example.com',
  authorities: [NS1, NS2],
  aspects: ['content' as const],
} satisfies Omit<DnsInput, 'kind'>;

const worldOf = (zone = ZONE, other = zone) => new World().serve(NS1, [zone]).serve(NS2, [other]);
const briefly = (findings: readonly Finding[]) =>
  findings.map(({ severity, message }) => `${severity}: ${message}`);
const found = (world: World, id: AssertionId, over: Partial<Omit<DnsInput, 'kind'>> = {}) =>
  findingsOf(world, { ...INPUT, ...over }, id);

describe('expected records (C1, C9)', () => {
  it('takes what is there in any order, case and spelling', async () => {
    const over = {
      types: ['A', 'AAAA'],
      expect: {
        A: { exact: ['1.2.3.5', '1.2.3.4'], min: 2, max: 2 },
        AAAA: { only: ['2600:0:0::1', '2600::2'] },
      },
    };
    expect(await found(worldOf(), 'C1', over)).toEqual([]);
  });

  it('takes MX, TXT and CAA as people write them', async () => {
    const over = {
      name: 'example.com',
      types: ['MX'],
      expect: {
        MX: { exact: ['10 mail.example.com'] },
        TXT: { contains: ['v=spf1 -all'] },
        CAA: { exact: ['0 issue "ca.example.net"'] },
      },
    };
    expect(await found(worldOf(), 'C9', over)).toEqual([]);
    const wrong = await found(worldOf(), 'C9', {
      ...over,
      expect: { MX: { exact: ['20 mail.example.com'] } },
    });
    expect(briefly(wrong)).toEqual([
      'fail: example.com MX at all 2 servers of the zone lacks 20 mail.example.com.; has 10 mail.example.com., which is not expected.',
    ]);
  });

  it.each([
    ['a record that lacks', { contains: ['1.2.3.9'] }, 'lacks 1.2.3.9'],
    ['a record that is not allowed', { only: ['1.2.3.4'] }, 'has 1.2.3.5, which is not expected'],
    ['too few', { min: 3 }, 'has 2 records, expected at least 3'],
    ['too many', { max: 1 }, 'has 2 records, expected at most 1'],
  ])('fails %s, once for all servers', async (_title, expected, text) => {
    expect(briefly(await found(worldOf(), 'C1', { expect: { A: expected } }))).toEqual([
      `fail: www.example.com A at all 2 servers of the zone ${text}.`,
    ]);
  });

  it('names the server that deviates', async () => {
    const world = worldOf(ZONE, ZONE.replace('1.2.3.5', '1.2.3.9'));
    const [finding, ...others] = await found(world, 'C1', {
      expect: { A: { only: ['1.2.3.4', '1.2.3.5'] } },
    });
    expect(finding).toMatchObject({ severity: 'fail', subject: NS2 });
    expect(others).toEqual([]);
  });

  it('takes no record at all for a set that is empty', async () => {
    expect(await found(worldOf(), 'C1', { expect: { SRV: { max: 0 } } })).toEqual([]);
    expect(await found(worldOf(), 'C1', { expect: { SRV: { min: 1 } } })).toHaveLength(1);
  });

  it('does not want the whole pool in one answer of a rotation', async () => {
    const pool = { exact: ['1.2.3.4', '1.2.3.5', '1.2.3.6'] };
    expect(await found(worldOf(), 'C1', { rotation: { addresses: 3 }, expect: { A: pool } })).toEqual([]);
    const [finding] = await found(worldOf(), 'C1', {
      rotation: { addresses: 3 },
      expect: { A: { exact: ['1.2.3.4'] } },
    });
    expect(finding?.message).toContain('1.2.3.5, which is not expected');
  });

  it('warns of one resolver of three that has something else, and fails two', async () => {
    const old = ZONE.replace('1.2.3.5', '1.2.3.9');
    const over = { resolvers: [R1, R2, R3], expect: { A: { only: ['1.2.3.4', '1.2.3.5'] } } };
    const one = worldOf().resolve(R1, [old]).resolve(R2, [ZONE]).resolve(R3, [ZONE]);
    expect((await found(one, 'C1', over)).map(({ severity, subject }) => [severity, subject])).toEqual([
      ['warn', R1],
    ]);
    const two = worldOf().resolve(R1, [old]).resolve(R2, [old]).resolve(R3, [ZONE]);
    expect((await found(two, 'C1', over)).map(({ severity }) => severity)).toEqual(['fail']);
  });

  it('warns of one resolver of three where nobody of the zone tells, and fails two', async () => {
    const other = ZONE.replace('1.2.3.5', '1.2.3.9');
    const over = { resolvers: [R1, R2, R3], expect: { A: { only: ['1.2.3.4', '1.2.3.5'] } } };
    const worlds = [ZONE, other].map((second) =>
      new World().resolve(R1, [other]).resolve(R2, [second]).resolve(R3, [ZONE]),
    );
    const said = await Promise.all(worlds.map((world) => found(world, 'C1', over)));
    expect(said.map((findings) => findings.map(({ severity }) => severity))).toEqual([['warn'], ['fail']]);
  });

  it('tells what zone and resolvers have alike once', async () => {
    const world = worldOf().resolve(R1, [ZONE]);
    expect(await found(world, 'C1', { resolvers: [R1], expect: { A: { min: 3 } } })).toHaveLength(1);
  });

  it('leaves a server that does not answer to other assertions', async () => {
    const world = worldOf().serve(NS2, [ZONE], () => SILENT);
    expect(await found(world, 'C1', { expect: { A: { min: 2 } } })).toEqual([]);
  });
});

describe('samples of a rotation (C2)', () => {
  it('asks each server four times more, and nobody without a rotation', async () => {
    const world = worldOf();
    await run(world, { ...INPUT, rotation: { addresses: 8 } });
    const samples = world.asked.filter((task) => task.kind === 'query' && (task.time ?? 1) >= 3);
    expect(samples).toHaveLength(2 * 4);
    const still = worldOf();
    await run(still, INPUT);
    expect(still.asked.some((task) => task.kind === 'query' && (task.time ?? 1) >= 3)).toBe(false);
  });
});

describe('usable addresses (C5)', () => {
  const service = { port: 443, serverName: 'www.example.com' };

  it('tries each address once, with the name of its certificate', async () => {
    const world = worldOf();
    world.connect = () => ({});
    expect(await found(world, 'C5', { types: ['A', 'AAAA'], service })).toEqual([]);
    expect(world.asked.filter(({ kind }) => kind === 'connect')).toEqual(
      ['1.2.3.4', '1.2.3.5', '2600::1'].map((address) => ({
        kind: 'connect',
        address,
        port: 443,
        serverName: 'www.example.com',
      })),
    );
  });

  it('fails the dead one, and is critical when all are', async () => {
    const world = worldOf();
    world.connect = ({ address }) =>
      address === '1.2.3.5' ? { trouble: { class: 'TIMEOUT', message: 'no answer in 3 s' } } : {};
    expect(briefly(await found(world, 'C5', { service }))).toEqual([
      'fail: 1 of the 2 addresses of www.example.com that were tried does not serve on port 443: 1.2.3.5 (no answer in 3 s).',
    ]);
    world.connect = () => ({ trouble: { class: 'CONN_REFUSED', message: 'connection refused' } });
    expect((await found(world, 'C5', { service }))[0]?.severity).toBe('critical');
  });

  it('blames nobody for our own lack of a way out, nor for what a Worker cannot tell', async () => {
    const world = worldOf();
    world.connect = () => ({ trouble: { class: 'TIMEOUT', message: 'no IPv6 here', probeFault: true } });
    expect(await found(world, 'C5', { service })).toEqual([]);
    world.connect = () => ({ trouble: { class: 'CONNECT_FAILED_OR_BLOCKED', message: 'cannot connect' } });
    expect(await found(world, 'C5', { service })).toEqual([]);
  });

  it('does not follow a public answer into its own network', async () => {
    const world = worldOf(ZONE.replace('1.2.3.5', '10.0.0.5'));
    await found(world, 'C5', { service });
    expect(world.asked.filter(({ kind }) => kind === 'connect')).toHaveLength(1);
  });

  it('tries no more than 64', async () => {
    const many = Array.from({ length: 80 }, (_, at) => `many 300 IN A 1.2.4.${at}\n`).join('');
    const world = worldOf(ZONE + many);
    await found(world, 'C5', { name: 'many.example.com', service });
    expect(world.asked.filter(({ kind }) => kind === 'connect')).toHaveLength(64);
  });
});

describe('special and duplicate addresses (C6)', () => {
  it('fails a private address of a public name', async () => {
    expect(briefly(await found(worldOf(ZONE.replace('1.2.3.5', '10.0.0.5')), 'C6'))).toEqual([
      'fail: www.example.com is answered with 10.0.0.5: private (RFC 1918), which the public Internet cannot reach.',
    ]);
  });

  it('is information where every server is private or this machine', async () => {
    const world = new World().serve('dns://127.0.0.1:5301', [ZONE.replace('1.2.3.5', '127.0.0.9')]);
    const over = { authorities: ['dns://127.0.0.1:5301'] };
    expect((await found(world, 'C6', over)).map(({ severity }) => severity)).toEqual(['info']);
  });

  it('tells when a resolver alone gives it', async () => {
    const world = worldOf()
      .resolve(R1, [ZONE.replace('1.2.3.5', '127.0.0.1')])
      .resolve(R2, [ZONE])
      .resolve(R3, [ZONE]);
    const [finding] = await found(world, 'C6', { resolvers: [R1, R2, R3] });
    expect(finding?.severity).toBe('warn');
    expect(finding?.message).toContain(`127.0.0.1 by ${R1}, though the zone’s servers do not: loopback`);
  });

  it('fails a record that stands twice', async () => {
    const twice: Quirk = (query, usual) =>
      query.type === RR_TYPES.A
        ? { ...usual, answers: [...(usual.answers ?? []), ...(usual.answers ?? [])] }
        : undefined;
    const world = new World().serve(NS1, [ZONE], twice).serve(NS2, [ZONE], twice);
    const [finding, ...others] = await found(world, 'C6');
    expect(finding?.message).toContain('the same record more than once in one answer: A 1.2.3.4, 1.2.3.5');
    expect(others).toEqual([]);
  });
});

describe('HTTPS records (C7)', () => {
  const withHttps = (data: string) => `${ZONE}www 300 IN HTTPS ${data}\n`;

  it('is fine with hints at its own addresses', async () => {
    const zone = withHttps('1 . alpn="h2,h3" ipv4hint=1.2.3.4,1.2.3.5 ipv6hint=2600::1');
    expect(await found(worldOf(zone), 'C7')).toEqual([]);
  });

  it('is critical with a hint at somebody else', async () => {
    expect(briefly(await found(worldOf(withHttps('1 . ipv4hint=1.2.3.4,6.6.6.6')), 'C7'))).toEqual([
      'critical: www.example.com HTTPS hints at 6.6.6.6, which www.example.com does not have: clients connect there first. The same at all 2 authorities.',
    ]);
  });

  it('holds the hints of a service at another name against that name', async () => {
    const other = `${withHttps('1 svc ipv4hint=7.7.7.7')}svc 300 IN A 7.7.7.7\n`;
    expect(await found(worldOf(other), 'C7')).toEqual([]);
    expect((await found(worldOf(withHttps('1 svc ipv4hint=7.7.7.7')), 'C7'))[0]?.message).toContain(
      'leads to svc.example.com, which has no address',
    );
  });

  it('wants the target of an alias to have addresses', async () => {
    expect(await found(worldOf(), 'C7', { name: 'alias.example.com' })).toEqual([]);
    const [finding] = await found(worldOf(), 'C7', { name: 'broken.example.com' });
    expect(finding).toMatchObject({ severity: 'fail' });
    expect(finding?.message).toContain('leads to nowhere.example.com, which has no address');
  });

  it('asks a resolver for a target outside the zone', async () => {
    const elsewhere = '$ORIGIN cdn.example.net.\n@ 60 IN SOA a b 1 1 1 1 1\n@ 60 IN A 7.7.7.7\n';
    const world = worldOf(withHttps('1 cdn.example.net. ipv4hint=7.7.7.8')).resolve(R1, [ZONE, elsewhere]);
    expect((await found(world, 'C7', { resolvers: [R1] }))[0]?.message).toContain(
      'hints at 7.7.7.8, which cdn.example.net does not have',
    );
  });

  it('warns of what makes clients ignore the record', async () => {
    expect((await found(worldOf(withHttps('1 . mandatory=key999 key999=x')), 'C7'))[0]?.message).toContain(
      'makes key999 mandatory',
    );
    expect((await found(worldOf(withHttps('1 . no-default-alpn')), 'C7'))[0]?.message).toContain(
      'no-default-alpn without alpn',
    );
  });

  it('fails parameters out of order', async () => {
    const disordered: Quirk = (query, usual) =>
      query.type === RR_TYPES.HTTPS
        ? {
            ...usual,
            answers: [
              {
                name: query.name,
                type: RR_TYPES.HTTPS,
                ttlS: 300,
                // port (3) before alpn (1).
                rdata: {
                  kind: 'unknown',
                  data: new Uint8Array([0, 1, 0, 0, 3, 0, 2, 1, 187, 0, 1, 0, 3, 2, 104, 50]),
                },
              },
            ],
            authorities: [],
          }
        : undefined;
    const world = new World().serve(NS1, [ZONE], disordered).serve(NS2, [ZONE], disordered);
    expect((await found(world, 'C7'))[0]?.message).toContain('has a record that clients throw away');
  });
});

describe('the published file (C3, C4)', () => {
  const urls = ['https://example.com/a.json', 'https://example.com/b.json'];
  const fileOf = (...prefixes: string[]) => {
    const text = JSON.stringify({ prefixes: prefixes.map((prefix) => ({ prefix })) });
    return { status: 200, body: Uint8Array.from(text, (character) => character.charCodeAt(0)) };
  };
  const over = { types: ['A', 'AAAA'], allowList: { urls } };

  it('is fine when every address is in every copy', async () => {
    const world = worldOf();
    world.fetch = () => fileOf('1.2.3.0/24', '2600::/16');
    expect(await findingsOf(world, { ...INPUT, ...over })).toEqual([]);
  });

  it('is critical when an address is in no range', async () => {
    const world = worldOf();
    world.fetch = () => fileOf('1.2.3.4/32', '2600::/16');
    expect(briefly(await found(world, 'C3', over))).toEqual([
      'critical: www.example.com is answered with 1.2.3.5, which is in no range of the published file: customers’ firewalls drop it.',
    ]);
  });

  it('is critical when one copy of the file lacks the range: customers go by either', async () => {
    const world = worldOf();
    world.fetch = ({ url }) => (url === urls[0] ? fileOf('1.2.3.0/24', '2600::/16') : fileOf('1.2.3.0/24'));
    expect((await found(world, 'C3', over))[0]).toMatchObject({ severity: 'critical', subject: '2600::1' });
  });

  it('holds hints against the file too', async () => {
    const world = worldOf(`${ZONE}www 300 IN HTTPS 1 . ipv4hint=6.6.6.6\n`);
    world.fetch = () => fileOf('1.2.3.0/24', '2600::/16');
    const findings = await found(world, 'C7', { ...over, rotation: { addresses: 4 } });
    expect(briefly(findings)[0]).toContain(
      'critical: www.example.com HTTPS hints at 6.6.6.6, in no range of the published file',
    );
  });

  it('says nothing of addresses when no file could be read', async () => {
    const world = worldOf();
    world.fetch = () => ({ status: 503 });
    expect(await found(world, 'C3', over)).toEqual([]);
    expect((await found(world, 'C4', over)).map(({ severity }) => severity)).toEqual(['warn', 'warn']);
  });

  it('fails a file that is gone or is none', async () => {
    const world = worldOf();
    world.fetch = ({ url }) =>
      url === urls[0]
        ? { status: 404 }
        : { status: 200, body: Uint8Array.from('<html>', (c) => c.charCodeAt(0)) };
    expect(briefly(await found(world, 'C4', over))).toEqual([
      'fail: The published file of ranges at https://example.com/a.json cannot be had: HTTP 404.',
      'fail: The published file of ranges at https://example.com/b.json cannot be read: expected JSON or a list of ranges, got a web page.',
    ]);
  });

  it('blames nobody for our own lack of a way out', async () => {
    const world = worldOf();
    world.fetch = () => ({ trouble: { class: 'TIMEOUT', message: 'no way out', probeFault: true } });
    expect(await found(world, 'C4', over)).toEqual([]);
  });

  it('warns of copies that differ, and fails them without a grace', async () => {
    const world = worldOf();
    world.fetch = ({ url }) =>
      url === urls[0] ? fileOf('1.2.3.0/24', '2600::/16') : fileOf('1.2.3.0/24', '2600::/16', '5.5.5.0/24');
    expect(briefly(await found(world, 'C4', over))).toEqual([
      'warn: The published file at https://example.com/b.json differs from that at https://example.com/a.json: it has 5.5.5.0/24 besides.',
    ]);
    expect((await found(world, 'C4', { ...over, limits: { graceS: 0 } }))[0]?.severity).toBe('fail');
  });
});
