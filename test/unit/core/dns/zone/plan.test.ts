import { describe, expect, test } from 'vitest';
import { dnsSettingsOf } from '#core/checks/dns.ts';
import { planZone, type Plan, type PlanOptions } from '#core/dns/zone/plan.ts';
import { MS_PER_DAY } from '#core/units.ts';
import { aFile, pool } from './a-zone.ts';

const { limits } = dnsSettingsOf({ name: 'any' });
const NOW_MS = Date.UTC(2026, 10, 21);
const DAYS_14_MS = 14 * MS_PER_DAY;

function plan(lines: string, options: Partial<PlanOptions> = {}): Plan {
  const planned = planZone(aFile(lines), { limits, ...options });
  if ('trouble' in planned) throw new Error(planned.trouble);
  return planned;
}

/** `id severity name`, worst first, without what is only to be known. */
const told = ({ problems }: Plan): string[] =>
  problems
    .filter(({ severity }) => severity !== 'info')
    .map(({ id, severity, name }) => `${id} ${severity} ${name.replace('.example.test', '')}`);

/** A promise by ranges, each `prefix` or `[prefix, effectiveAt in days from now]`. */
function promise(ranges: readonly (string | [prefix: string, inDays: number])[], publishedDaysAgo = 100) {
  return {
    file: {
      publishedAtMs: NOW_MS - publishedDaysAgo * MS_PER_DAY,
      ranges: ranges.map((range) =>
        typeof range === 'string'
          ? { prefix: range }
          : { prefix: range[0], effectiveAtMs: NOW_MS + range[1] * MS_PER_DAY },
      ),
    },
    noticeMs: DAYS_14_MS,
    nowMs: NOW_MS,
  };
}

test('the change of 2018: a pool of 20 becomes 40, and half of it is in no published range', () => {
  const planned = plan(pool('api', 40), {
    base: aFile(pool('api', 20)),
    promise: promise(['198.51.100.0/28', '198.51.100.16/30', '198.51.100.20/32']),
  });
  expect(told(planned)).toEqual([
    'C3 critical api',
    'B1 fail api',
    'B2 fail api',
    'B16 fail api',
    'B4 warn api',
    'B15 warn api',
  ]);
  const [unlisted, , , clients] = planned.problems;
  expect(unlisted?.message).toBe(
    'A: 20 of 40 addresses (198.51.100.21 to 198.51.100.40) are in no range of the published file: customers who let only those through are cut off.',
  );
  expect(unlisted?.line).toBe(27);
  expect(clients?.details?.join('\n')).toContain('NXDOMAIN');
  const answer = planned.sets.find(({ name }) => name === 'api.example.test');
  expect(answer).toMatchObject({
    records: 40,
    floorBytes: 674,
    plainRoom: { bytes: -162, records: -11 },
    ednsRoom: { bytes: 547, records: 34 },
  });
  expect(answer?.clientsLost).toContain('musl-behind-unbound');
  expect(planned.addresses?.filter(({ coverage }) => coverage.state === 'UNLISTED')).toHaveLength(20);
  expect(planned.differences).toEqual([expect.objectContaining({ name: 'api.example.test', removed: [] })]);
  expect(planned.differences?.[0]?.added).toHaveLength(20);
});

describe('sizes', () => {
  test('eight addresses trouble nobody, nine are more than others give', () => {
    expect(told(plan(pool('api', 8)))).toEqual([]);
    expect(told(plan(pool('api', 9)))).toEqual(['B1 warn api']);
  });

  test('what an alias shares with its target is told once, at the target', () => {
    const planned = plan(`${pool('api', 21)}www CNAME api\nother CNAME www\n`);
    const [first] = planned.problems;
    // The alias alone is near 512 octets: that is its own.
    expect(told(planned)).toEqual(['B1 fail api', 'B16 fail api', 'B2 warn other']);
    expect(first).toMatchObject({ line: 7, alsoFor: ['www.example.test', 'other.example.test'] });
    expect(planned.sets.map(({ name, chain, records }) => `${name} ${chain} ${records}`)).toContain(
      'other.example.test 2 21',
    );
  });

  test('an alias that is too long by itself is told where it stands', () => {
    const chain = Array.from({ length: 8 }, (_, at) => `c${at + 1} CNAME c${at}\n`).join('');
    const planned = plan(`c0 A 192.0.2.1\n${chain}`);
    expect(told(planned).filter((one) => one.startsWith('B13'))).toEqual([
      'B13 fail c8',
      'B13 warn c5',
      'B13 warn c6',
      'B13 warn c7',
    ]);
  });

  test('no DNS message has room for it', () => {
    const strings = Array.from({ length: 300 }, (_, at) => `big TXT "${at}${'x'.repeat(250)}"\n`).join('');
    expect(told(plan(strings))).toEqual(['zone-load critical big', 'B3 critical big']);
  });

  test('more than 1232 octets needs TCP of everybody', () => {
    expect(told(plan(pool('api', 80)))).toContain('B3 fail api');
    expect(told(plan(pool('api', 70)))).not.toContain('B3 fail api');
  });

  test('keys are only for those who have EDNS: 512 octets are nothing to them', () => {
    const key = `@ DNSKEY 257 3 8 ${Buffer.alloc(600, 1).toString('base64')}\n`;
    expect(told(plan(key))).toEqual([]);
    expect(told(plan(key.repeat(2).replace('AQE=', 'AgI=').replace('257', '256')))).toContain(
      'B2 fail example.test',
    );
  });

  test('signatures count for those who ask for them', () => {
    const signature = Buffer.alloc(900, 1).toString('base64');
    const planned = plan(
      `${pool('api', 20)}api RRSIG A 8 3 300 20261231235959 20261201000000 1 @ ${signature}\n`,
    );
    expect(told(planned)).toContain('B11 fail api');
    expect(planned.sets.find(({ name }) => name === 'api.example.test')?.signedFloorBytes).toBeGreaterThan(
      1_250,
    );
  });

  test('the referral to a zone below is measured for its longest name', () => {
    const names = Array.from(
      { length: 13 },
      (_, at) => `sub NS a-long-name-of-a-server-${at}.sub\na-long-name-of-a-server-${at}.sub A 192.0.2.1\n`,
    );
    expect(told(plan(names.join('')))).toEqual(['B12 warn sub']);
  });

  test('what leads out of the zone is said, and only its part counted', () => {
    const { problems, sets } = plan('www CNAME www.elsewhere.example.\ngone CNAME nothing\n');
    expect(problems.map(({ id, severity, name }) => `${id} ${severity} ${name}`)).toEqual([
      'A1 fail gone.example.test',
      'A1 info www.example.test',
    ]);
    expect(sets.find(({ name }) => name === 'www.example.test')).toMatchObject({
      kind: 'outside',
      records: 0,
      chain: 1,
    });
  });

  test('names limit what is measured, and may be ones that a wildcard answers for', () => {
    const lines = `${pool('api', 21)}${pool('*.other', 30)}`;
    expect(told(plan(lines, { names: ['ns1.example.test'] }))).toEqual([]);
    expect(plan(lines, { names: ['x.other.example.test'] }).sets).toEqual([
      expect.objectContaining({ name: 'x.other.example.test', records: 30 }),
    ]);
    expect(planZone(aFile(lines), { limits, names: ['nothing.example.test'] })).toEqual({
      trouble: 'the zone example.test has no records for nothing.example.test',
    });
  });
});

describe('against the base', () => {
  test('a quarter more at once is told, a quarter is not', () => {
    const growth = (from: number, to: number) =>
      told(plan(pool('api', to), { base: aFile(pool('api', from)) })).filter((one) => one.startsWith('B15'));
    expect(growth(4, 5)).toEqual([]);
    expect(growth(3, 4)).toEqual(['B15 warn api']);
    expect(growth(8, 9)).toEqual(['B15 warn api']);
    expect(growth(29, 30)).toEqual(['B15 warn api']);
    expect(growth(30, 31)).toEqual([]);
    expect(growth(40, 20)).toEqual([]);
  });

  test('what is added, removed and given another TTL, as the files have it', () => {
    const planned = plan('a A 192.0.2.1\nb 60 TXT "x y"\nnew MX 10 ns1\n', {
      base: aFile('A A 192.0.2.1\na A 192.0.2.2\nb 30 TXT "x y"\nold TXT z\n'),
    });
    expect(
      planned.differences?.map(({ name, added, removed, ttl }) => ({
        name: name.split('.')[0],
        added,
        removed,
        ttl,
      })),
    ).toEqual([
      { name: 'a', added: [], removed: ['192.0.2.2'], ttl: undefined },
      { name: 'b', added: [], removed: [], ttl: { beforeS: 30, afterS: 60 } },
      { name: 'new', added: ['10 ns1'], removed: [], ttl: undefined },
      { name: 'old', added: [], removed: ['z'], ttl: undefined },
    ]);
  });

  test('the base of another zone is refused', () => {
    const base = aFile('', '$ORIGIN example.org.\n$TTL 1\n@ SOA a b 1 2 3 4 5\n');
    expect(planZone(aFile(''), { limits, base })).toEqual({
      trouble: 'the base is the zone example.org, not example.test',
    });
  });
});

describe('the allow-list', () => {
  const api = 'api A 198.51.100.1\n';
  const states = (ranges: Parameters<typeof promise>[0], publishedDaysAgo?: number) =>
    plan(api, { promise: promise(ranges, publishedDaysAgo) }).addresses?.map(
      ({ coverage }) => coverage.state,
    );

  test('a range counts from when it is in effect, and when it was announced long enough before', () => {
    expect(states(['198.51.100.0/24'])).toEqual(['COVERED']);
    expect(states(['203.0.113.0/24'])).toEqual(['UNLISTED']);
    expect(states([['198.51.100.0/24', 1]])).toEqual(['TOO_NEW']);
    expect(states([['198.51.100.0/24', 0]])).toEqual(['COVERED']);
    // Announced five days ago for today.
    expect(states([['198.51.100.0/24', 0]], 5)).toEqual(['TOO_NEW']);
    // In use for a year, whenever the file was written anew.
    expect(states([['198.51.100.0/24', -365]], 5)).toEqual(['COVERED']);
  });

  test('too new fails and says from when on', () => {
    const planned = plan(api, { promise: promise([['198.51.100.0/24', 0]], 5) });
    expect(told(planned)).toEqual(['C3 fail api']);
    expect(planned.problems[0]?.message).toContain('publish on 2026-11-30T00:00Z or later');
  });

  test('hints of HTTPS records are addresses too; those of name servers are none', () => {
    const planned = plan(`${api}api HTTPS 1 . alpn=h2 ipv4hint=203.0.113.1 ipv6hint=2001:db8::1\n`, {
      promise: promise(['198.51.100.0/24', '203.0.113.0/24']),
    });
    expect(planned.addresses?.map(({ address, coverage }) => `${address} ${coverage.state}`)).toEqual([
      '198.51.100.1 COVERED',
      '203.0.113.1 COVERED',
      '2001:db8::1 UNLISTED',
    ]);
    expect(told(planned)).toEqual(['C7 critical api']);
  });
});

test('lines that cannot be read are told beside everything else', () => {
  const planned = plan(`a A frog\n${pool('api', 21)}`);
  expect(told(planned)).toEqual(['zone-text fail example.test', 'B1 fail api', 'B16 fail api']);
  expect(planned.unreadLines).toBe(1);
  expect(planZone(aFile('a A frog\n', ''), { limits })).toEqual({
    trouble: 'the zone file has no records that can be read',
  });
});
