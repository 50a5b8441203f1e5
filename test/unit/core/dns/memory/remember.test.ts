import { describe, expect, it } from 'vitest';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { accepted } from '#core/dns/memory/baseline.ts';
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '#core/units.ts';
import { addresses, measuredA, someEvidence, someRanges } from '#test/fixtures/dns-evidence.ts';
import { Watch } from './watch.ts';

const URL = 'https://ranges.example/ip-ranges.json';
const TWO_REGIONS = ['us-east', 'eu-west'];

describe('the baseline (B15)', () => {
  const eight = someEvidence(addresses(8));

  it('is the first complete run, said as such, and later runs only by being accepted', () => {
    const watch = new Watch();
    expect(watch.run(eight)).toEqual([
      expect.objectContaining({
        id: 'B15',
        severity: 'info',
        subject: 'A',
        message: expect.stringContaining('The first complete run is the baseline: 8 records'),
      }),
    ]);
    expect(watch.run(eight)).toEqual([]);
    const nine = someEvidence(addresses(9));
    for (let run = 0; run < 3; run += 1) expect(watch.told(nine)).toEqual(['B15 warn A']);
    expect(watch.last?.findings[0]?.message).toContain('records 8 → 9, past 8');
    if (watch.memory) watch.memory = accepted(watch.memory, 'Ada', watch.nowMs);
    expect(watch.memory?.baselines['*']).toMatchObject({ by: 'Ada', measured: [{ records: 9 }] });
    expect(watch.told(nine)).toEqual([]);
  });

  it.each([
    ['records by a quarter', 4, measuredA(5), 'records 4 → 5'],
    ['not under a quarter', 5, measuredA(6, { floorBytes: 120 }), undefined],
    ['20 records', 19, measuredA(21), 'records 19 → 21, past 20'],
    ['100 records', 99, measuredA(101), 'records 99 → 101, past 100'],
    ['512 octets', 29, measuredA(29, { floorBytes: 513 }), 'answer floor 498 → 513 octets, past 512'],
    ['1232 octets with OPT', 74, measuredA(74, { floorBytes: 1_222 }), '1218 → 1222 octets, past 1221'],
    ['a chain', 4, measuredA(4, { chain: 1 }), 'aliases 0 → 1'],
    ['a longer TTL', 4, measuredA(4, { minTtlS: 300 }), 'TTL 60 s → 300 s'],
    ['no shorter TTL', 4, measuredA(4, { minTtlS: 7 }), undefined],
    ['another class', 4, measuredA(4, { outcome: 'PARTIAL' }), 'PARTIAL instead of ANSWER'],
  ])('tells of %s', (_what, before, now, message) => {
    const watch = new Watch();
    watch.run(someEvidence([], { measured: [measuredA(before)] }));
    const found = watch.run(someEvidence([], { measured: [now] }));
    expect(found.map((finding) => finding.severity)).toEqual(message === undefined ? [] : ['warn']);
    if (message !== undefined) expect(found[0]?.message).toContain(message);
  });

  it('is not made of a run that lacks an answer, and takes in a type that comes later', () => {
    const watch = new Watch({ types: ['A', 'AAAA'] });
    const aaaa = { ...measuredA(2), type: RR_TYPES.AAAA };
    watch.run(someEvidence(addresses(8)));
    expect(watch.memory?.baselines).toEqual({});
    watch.run(someEvidence([], { measured: [measuredA(8), { ...aaaa, outcome: 'NODATA' }] }));
    expect(watch.memory?.baselines).toEqual({});
    watch.run(someEvidence([], { measured: [measuredA(8), aaaa] }));
    expect(watch.memory?.baselines['*']?.measured).toHaveLength(2);
    const txt = { ...measuredA(1), type: RR_TYPES.TXT };
    expect(watch.told(someEvidence([], { measured: [measuredA(8), aaaa, txt] }))).toEqual([]);
    expect(watch.memory?.baselines['*']?.measured).toHaveLength(3);
  });

  it('is one by region where answers are meant to differ', () => {
    const watch = new Watch({ differsByRegion: true });
    watch.run(someEvidence(addresses(2)), 'us-east');
    expect(watch.told(someEvidence(addresses(8)), 'eu-west')).toEqual([]);
    expect(watch.told(someEvidence(addresses(8)), 'us-east')).toEqual(['B15 warn A']);
  });

  it('begins anew with another name', () => {
    const watch = new Watch();
    watch.run(eight);
    watch.settings = { ...watch.settings, name: 'b.example.test' };
    expect(watch.told(someEvidence(addresses(40)))).toEqual([]);
  });
});

describe('addresses and the published file (C3)', () => {
  const listed = someRanges(['198.51.100.0/26']);
  const input = { allowList: { urls: [URL] } };
  const run = (numbers: readonly string[], ranges = listed) => someEvidence(numbers, { ranges: [ranges] });

  it('trusts the first file as it is', () => {
    expect(new Watch(input).told(run(addresses(4)))).toEqual([]);
  });

  it('finds an address in no range, in the run that has it, and its end', () => {
    const watch = new Watch(input);
    watch.run(run(addresses(4)));
    expect(watch.told(run([...addresses(3), '203.0.113.9']))).toEqual(['C3 critical 203.0.113.9']);
    expect(watch.told(run(addresses(4)))).toEqual([]);
  });

  it('goes from TOO_NEW to COVERED as the notice passes, from its own first sight', () => {
    const watch = new Watch(input);
    watch.run(run(addresses(4)));
    const grown = someRanges(['198.51.100.0/26', '203.0.113.0/24'], { publishedAtMs: 5 });
    const moved = run(['203.0.113.9'], grown);
    watch.wait(MS_PER_HOUR);
    const found = watch.run(moved);
    expect(found[0]).toMatchObject({ id: 'C3', severity: 'fail', subject: '203.0.113.9' });
    expect(found[0]?.message).toContain('14 d were promised: covered from 2027-01-29 09:00 UTC');
    watch.wait(14 * MS_PER_DAY - 1);
    expect(watch.told(moved)).toEqual(['C3 fail 203.0.113.9']);
    watch.wait(1);
    expect(watch.told(moved)).toEqual([]);
  });

  it('finds an address whose range has left the file', () => {
    const watch = new Watch(input);
    watch.run(run(addresses(2), someRanges(['198.51.100.0/26', '203.0.113.0/24'])));
    expect(watch.told(run(addresses(2)))).toEqual([]);
    const found = watch.run(run(['203.0.113.9']));
    expect(found[0]).toMatchObject({ id: 'C3', severity: 'critical', subject: '203.0.113.9' });
    expect(found[0]?.message).toContain('203.0.113.0/24 has been gone from the published file since');
  });

  it('goes by the file it knows when a run could not read it', () => {
    const watch = new Watch(input);
    watch.run(run(addresses(2)));
    const unread = { url: URL, error: 'status 503' };
    expect(watch.told(run(['203.0.113.9'], unread))).toEqual(['C3 critical 203.0.113.9']);
  });

  it('counts in all regions what two of them are given, and not what one alone is given', () => {
    const rotation = { rotation: { addresses: 5, window: '1h' } };
    const watch = new Watch({ ...input, ...rotation });
    const some = { perAnswer: 1, samples: 4 };
    const part = (numbers: string[]) => someEvidence(numbers, { ...some, ranges: [listed] });
    watch.run(part(addresses(4)), 'eu-west');
    watch.run(part(addresses(4)), 'ap-south');
    expect(watch.told(part(['203.0.113.9']), 'us-east')).toEqual(['C3 critical 203.0.113.9']);
    expect(watch.told(part(addresses(4)), 'eu-west')).toEqual([]);
    expect(watch.told(part(['203.0.113.9']), 'ap-south')).toEqual(['C3 critical 203.0.113.9']);
    expect(watch.told(part(addresses(4)), 'eu-west')).toEqual(['C3 critical 203.0.113.9']);
    expect(watch.last?.findings[0]?.message).toContain('given in ap-south, us-east');
  });

  it('tells of many that stand alike in one sentence', () => {
    const watch = new Watch(input);
    watch.run(run(addresses(5)));
    const grown = someRanges(['198.51.100.0/26', '192.0.2.0/24', '2001:db8::/32'], { publishedAtMs: 9 });
    const moved = run(['203.0.113.7', '203.0.113.9', '192.0.2.1', '192.0.2.2', '2001:db8::1'], grown);
    expect(watch.told(moved)).toEqual([
      'C3 critical a40.example.test',
      'C3 fail 192.0.2.0/24',
      'C3 fail 2001:db8::1',
    ]);
    expect(watch.last?.findings[0]?.message).toMatch(
      /^203\.0\.113\.7, 203\.0\.113\.9 are given in us-east and are in no range of the published file/,
    );
  });

  it('forgets an address once enough answers have come without it', () => {
    const watch = new Watch(input);
    const bad = run(['203.0.113.9', ...addresses(3)]);
    for (const region of TWO_REGIONS) watch.run(bad, region);
    let left = 0;
    while (watch.told(run(addresses(4)), 'us-east').length > 0) {
      left += 1;
      expect(left).toBeLessThan(4);
      watch.run(run(addresses(4)), 'eu-west');
    }
    expect(watch.told(run(addresses(4)), 'eu-west')).toEqual([]);
  });

  it('finds a range that left the file sooner after its last use than promised, until that time is over (C4)', () => {
    const watch = new Watch({ allowList: { urls: [URL], removeNotice: '7d' } });
    const both = someRanges(['198.51.100.0/26', '203.0.113.0/24']);
    watch.run(run(['203.0.113.9', ...addresses(3)], both));
    for (let looks = 0; looks < 4; looks += 1) watch.wait(MS_PER_HOUR).run(run(addresses(4), both));
    watch.wait(2 * MS_PER_DAY);
    expect(watch.told(run(addresses(4)))).toEqual(['C4 fail 203.0.113.0/24']);
    watch.wait(7 * MS_PER_DAY);
    expect(watch.told(run(addresses(4)))).toEqual([]);
    const kept = new Watch({ allowList: { urls: [URL], removeNotice: '7d' } });
    kept.run(run(['203.0.113.9', ...addresses(3)], both));
    for (let days = 0; days < 8; days += 1) kept.wait(MS_PER_DAY).run(run(addresses(4), both));
    expect(kept.told(run(addresses(4)))).toEqual([]);
  });
});

describe('the health of the published file (C4)', () => {
  const input = { allowList: { urls: [URL, 'https://copy.example/ranges'] } };
  const old = { ...someRanges(['198.51.100.0/24']), publishedAtMs: 1_000 };
  const newer = { ...someRanges(['198.51.100.0/24', '192.0.2.0/24']), publishedAtMs: 2_000 };
  const looks = (...ranges: Parameters<typeof someRanges>[1][]) =>
    someEvidence(addresses(2), { ranges: ranges.map((look) => ({ ...old, ...look })) });

  it('is bad in a region where it could not be read for an hour, and good with the first reading', () => {
    const watch = new Watch(input);
    watch.run(looks(old));
    const unread = someEvidence(addresses(2), { ranges: [{ url: URL, error: 'status 503' }] });
    expect(watch.told(unread)).toEqual([]);
    expect(watch.wait(MS_PER_HOUR - 1).told(unread)).toEqual([]);
    const found = watch.wait(1).run(unread);
    expect(found[0]?.message).toBe('The range file cannot be read in us-east for 1 h: status 503');
    expect(watch.told(looks(old), 'eu-west')).toEqual([]);
    expect(watch.told(looks(old))).toEqual([]);
    expect(watch.told(unread)).toEqual([]);
  });

  it('is bad where an older content is still, or again, past the grace', () => {
    const watch = new Watch(input);
    watch.run(looks(old));
    const mixed = looks(newer, { url: 'https://copy.example/ranges' });
    expect(watch.told(mixed)).toEqual([]);
    expect(watch.wait(600_001).told(mixed)).toEqual(['C4 fail https://copy.example/ranges']);
    expect(watch.last?.findings[0]?.message).toContain('it has that of 1970-01-01 00:00 UTC');
    expect(watch.told(looks(newer), 'eu-west')).toEqual([]);
    expect(watch.told(looks(old), 'eu-west')).toEqual([`C4 fail ${URL}`]);
  });

  it('is odd when the ranges change and the date does not', () => {
    const watch = new Watch(input);
    watch.run(looks(old));
    const changed = looks({ ...newer, publishedAtMs: 1_000 });
    expect(watch.told(changed)).toEqual([`C4 warn ${URL}`]);
    expect(watch.told(looks(newer))).toEqual([]);
  });

  it('is known of a copy by its digest, where a run tells of the content once', () => {
    const watch = new Watch(input);
    const copy = 'https://copy.example/ranges';
    watch.run(someEvidence(addresses(2), { ranges: [old, { url: copy, error: 'status 503' }] }));
    expect(Object.keys(watch.memory?.file?.failing ?? {})).toEqual([`us-east ${copy}`]);
    watch.run(
      someEvidence(addresses(2), {
        ranges: [
          { ...old, sha256: 'ab' },
          { url: copy, sha256: 'ab' },
        ],
      }),
    );
    expect(watch.memory?.file?.failing).toEqual({});
  });

  it('does not change by its order or its date alone', () => {
    const watch = new Watch(input);
    watch.run(looks(newer));
    const reversed = { ...newer, ranges: newer.ranges?.toReversed(), publishedAtMs: 3_000 };
    expect(watch.told(looks(reversed))).toEqual([]);
    expect(watch.last?.isWorthStoring).toBe(false);
    expect(watch.memory?.file?.older).toEqual([]);
  });

  it('goes by what was never seen before where files have no date', () => {
    const watch = new Watch(input);
    const undated = (prefixes: string[]) => looks({ ...someRanges(prefixes), publishedAtMs: undefined });
    watch.run(undated(['198.51.100.0/24']));
    expect(watch.told(undated(['198.51.100.0/24', '192.0.2.0/24']))).toEqual([]);
    watch.wait(600_001);
    expect(watch.told(undated(['198.51.100.0/24']))).toEqual([`C4 fail ${URL}`]);
  });
});

describe('a rotating pool (C2)', () => {
  const input = { rotation: { addresses: 40, window: '1h' } } as const;
  const part = (numbers: string[]) => someEvidence(numbers, { perAnswer: 8, samples: 12 });

  it('is content when all have been seen, in whatever parts', () => {
    const watch = new Watch(input);
    for (let at = 0; at < 40; at += 8) {
      const seven = { perAnswer: 8, samples: 7 };
      expect(watch.told(someEvidence(addresses(8, at + 1), seven))).toEqual([]);
    }
    expect(watch.memory?.pool.addresses).toHaveLength(40);
  });

  it('warns of too few once the answers would have shown all, and not before', () => {
    const watch = new Watch(input);
    const findings = Array.from({ length: 4 }, () => watch.told(part(addresses(38))));
    // 12, 24, 36 and 48 answers; 37 or so are needed.
    expect(findings).toEqual([[], [], [], ['C2 warn a40.example.test']]);
    expect(watch.last?.findings[0]).toMatchObject({
      message: expect.stringContaining('Only 38 of the pool’s 40 addresses were seen in 48 answers over 1 h'),
      figures: { seen: 38, expected: 40, answers: 48, perAnswer: 8 },
    });
  });

  it('warns of too many at once, with the new ones, and stops when they are no longer given', () => {
    const watch = new Watch(input);
    watch.run(part(addresses(40)));
    watch.wait(MS_PER_MINUTE);
    expect(watch.told(part(addresses(41)))).toEqual(['C2 warn a40.example.test']);
    expect(watch.last?.findings[0]?.message).toBe(
      '41 addresses are given, the pool is to have 40; new: 198.51.100.41.',
    );
    for (let runs = 0; runs < 4; runs += 1) watch.run(part(addresses(40)));
    expect(watch.told(part(addresses(40)))).toEqual([]);
  });

  it('says when a window has too few answers to tell', () => {
    const watch = new Watch(input);
    watch.run(part(addresses(8)));
    const found = watch.wait(MS_PER_HOUR).run(part(addresses(8)));
    expect(found).toMatchObject([{ id: 'C2', severity: 'info' }]);
    expect(found[0]?.message).toContain('are too few to see a pool of 40 whole');
  });
});

describe('answers that differ by region (C8)', () => {
  const both = (watch: Watch, east: string[], west: string[]): string[] => {
    watch.run(someEvidence(east), 'us-east');
    return watch.wait(30 * MS_PER_SECOND).told(someEvidence(west), 'eu-west');
  };
  const rounds = (watch: Watch, count: number, east: string[], west: string[]): string[][] =>
    Array.from({ length: count }, () => both(watch.wait(30 * MS_PER_SECOND), east, west));

  it('are told when they last past the grace', () => {
    const watch = new Watch();
    const found = rounds(watch, 30, addresses(4), addresses(4, 2));
    const first = found.findIndex((told) => told.length > 0);
    expect(found[first]).toEqual(['C8 warn a40.example.test']);
    expect(first).toBeGreaterThanOrEqual(9);
    expect(first).toBeLessThanOrEqual(13);
    expect(watch.last?.findings[0]?.message).toMatch(
      /198\.51\.100\.\d in (us-east, not in eu-west|eu-west, not in us-east)/,
    );
  });

  it('are no matter while a change gets round, nor when they are meant', () => {
    const watch = new Watch();
    rounds(watch, 3, addresses(4), addresses(4));
    rounds(watch, 2, addresses(4, 2), addresses(4));
    expect(rounds(watch, 30, addresses(4, 2), addresses(4, 2)).flat()).toEqual([]);
    const meant = new Watch({ differsByRegion: true });
    expect(rounds(meant, 30, addresses(4), addresses(4, 2)).flat()).toEqual([]);
  });

  it('are no matter of parts of one pool', () => {
    const watch = new Watch({ rotation: { addresses: 40, window: '1h' } });
    const found: string[] = [];
    for (let round = 0; round < 40; round += 1)
      for (const [at, region] of TWO_REGIONS.entries()) {
        const first = ((round * 16 + at * 8) % 40) + 1;
        found.push(
          ...watch
            .wait(30 * MS_PER_SECOND)
            .told(someEvidence(addresses(8, first), { perAnswer: 8, samples: 8 }), region),
        );
      }
    expect(found).toEqual([]);
  });
});

describe('serials (D1, E5)', () => {
  const at = (...serials: number[]) =>
    someEvidence(addresses(2), {
      serials: serials.map((serial, index) => ({ server: `dns://192.0.2.${index + 1}`, serial })),
    });

  it('may differ for the grace after a change, and then the lagging server is named', () => {
    const watch = new Watch({ zone: 'example.test' });
    watch.run(at(1, 1));
    watch.wait(MS_PER_HOUR);
    expect(watch.told(at(2, 1))).toEqual([]);
    expect(watch.wait(600_000).told(at(2, 1))).toEqual([]);
    expect(watch.wait(1).told(at(2, 1))).toEqual(['D1 fail dns://192.0.2.2']);
    expect(watch.wait(60_001).told(at(2, 1))).toEqual(['D1 fail dns://192.0.2.2', 'E5 warn example.test']);
    expect(watch.told(at(2, 2))).toEqual(['E5 warn example.test']);
    expect(watch.last?.findings[0]?.message).toContain('was with 95 % of the servers after 11 min');
    expect(watch.told(at(2, 2))).toEqual([]);
  });

  it('tell how long a change took to get round, once', () => {
    const watch = new Watch();
    for (const region of TWO_REGIONS) watch.run(at(1, 1), region);
    watch.wait(MS_PER_HOUR).run(at(2, 2), 'us-east');
    const found = watch.wait(90 * MS_PER_SECOND).run(at(2, 2), 'eu-west');
    expect(found).toMatchObject([
      { id: 'E5', severity: 'info', figures: { convergenceMs: 90_000, limitMs: 660_000 } },
    ]);
    expect(watch.run(at(2, 2), 'us-east')).toEqual([]);
  });

  it('find a server that lags in a zone that changes every minute', () => {
    const watch = new Watch();
    let found: string[] = [];
    for (let serial = 1; serial <= 30; serial += 1) found = watch.wait(MS_PER_MINUTE).told(at(serial, 1));
    expect(found).toEqual(['D1 fail dns://192.0.2.2']);
    expect(watch.memory?.serials?.older.length).toBeLessThanOrEqual(13);
    for (let serial = 31; serial <= 60; serial += 1)
      expect(watch.wait(MS_PER_MINUTE).told(at(serial, serial - 5))).toEqual([]);
  });

  it('take back a serial that no server has any more', () => {
    const watch = new Watch();
    watch.run(at(2_026_112_101));
    watch.wait(MS_PER_MINUTE).run(at(7));
    watch.wait(15 * MS_PER_MINUTE);
    expect(watch.told(at(7))).toEqual(['D1 fail dns://192.0.2.1']);
    watch.wait(MS_PER_HOUR);
    expect(watch.told(at(7))).toEqual([]);
    expect(watch.memory?.serials?.newest.serial).toBe(7);
  });
});

describe('failures that resolvers remember (E3)', () => {
  const RESOLVER = 'https://dns.example/dns-query';
  const run = (authoritiesAnswer: boolean, outcome: 'SERVFAIL' | 'ANSWER') =>
    someEvidence([], { authoritiesAnswer, resolvers: [{ server: RESOLVER, outcome }] });

  it('are bad five minutes after the authorities are back, until the resolver answers', () => {
    const watch = new Watch();
    watch.run(run(true, 'ANSWER'));
    watch.wait(MS_PER_MINUTE).run(run(false, 'SERVFAIL'));
    watch.wait(MS_PER_HOUR);
    expect(watch.told(run(true, 'SERVFAIL'))).toEqual([]);
    expect(watch.wait(5 * MS_PER_MINUTE).told(run(true, 'SERVFAIL'))).toEqual([]);
    expect(watch.wait(1).told(run(true, 'SERVFAIL'))).toEqual([`E3 fail ${RESOLVER}`]);
    expect(watch.last?.findings[0]?.figures).toEqual({ sinceRecoveryMs: 300_001, outageMs: 3_600_000 });
    expect(watch.told(run(true, 'ANSWER'))).toEqual([]);
    expect(watch.wait(MS_PER_HOUR).told(run(true, 'SERVFAIL'))).toEqual([]);
  });

  it('are not those of a resolver that began to fail by itself', () => {
    const watch = new Watch();
    watch.run(run(true, 'SERVFAIL'));
    expect(watch.wait(MS_PER_HOUR).told(run(true, 'SERVFAIL'))).toEqual([]);
  });
});

describe('what is worth storing', () => {
  it('is news at once, and the rest every ten minutes', () => {
    const watch = new Watch({ allowList: { urls: [URL] }, rotation: { addresses: 4, window: '1h' } });
    const evidence = someEvidence(addresses(4), {
      ranges: [someRanges(['198.51.100.0/24'])],
      serials: [{ server: 'dns://192.0.2.1', serial: 1 }],
      authoritiesAnswer: true,
    });
    const stored = Array.from({ length: 40 }, () => {
      watch.wait(30 * MS_PER_SECOND).run(evidence);
      return watch.last?.isWorthStoring;
    });
    // The first is news; the second is the first that can say how long it took to get round.
    expect(stored.filter(Boolean).length).toBeLessThanOrEqual(3);
    expect(stored[0]).toBe(true);
    watch.run(someEvidence(addresses(5), { ranges: evidence.summary.ranges }));
    expect(watch.last?.isWorthStoring).toBe(true);
  });

  it('stays well under a row of 2 MB with all the addresses and ranges there may be', () => {
    const watch = new Watch({ allowList: { urls: [URL], removeNotice: '30d' } });
    const many = Array.from(
      { length: 1_000 },
      (_, at) => `2001:db8:aaaa:bbbb:cccc:dddd:${at >> 8}:${at & 255}`,
    );
    const prefixes = Array.from({ length: 2_000 }, (_, at) => `2001:db8:aaaa:${at.toString(16)}::/64`);
    const serials = Array.from({ length: 40 }, (_, at) => ({
      server: `dns://192.0.2.${at}:5353`,
      serial: 4e9,
    }));
    for (let region = 0; region < 10; region += 1)
      watch.run(someEvidence(many, { ranges: [someRanges(prefixes)], serials }), `region-${region}`);
    expect(JSON.stringify(watch.memory).length).toBeLessThan(500_000);
  });
});
