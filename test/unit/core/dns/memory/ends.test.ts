import { describe, expect, it } from 'vitest';
import type { DnsSummary } from '#core/dns/findings/evidence.ts';
import { isBad } from '#core/dns/findings/finding.ts';
import { accepted } from '#core/dns/memory/baseline.ts';
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE } from '#core/units.ts';
import { addresses, measuredA, someEvidence, someRanges } from '#test/fixtures/dns-evidence.ts';
import { Watch } from './watch.ts';

/** Whatever a memory finds bad must come to an end once its cause is gone: nobody but a run resolves a page. */
const URL = 'https://ranges.example/ip-ranges.json';
const COPY = 'https://copy.example/ranges';
const GOOD = someRanges(['198.51.100.0/24'], { publishedAtMs: 1_000 });
const good = (summary: Partial<DnsSummary> = {}) =>
  someEvidence(addresses(4), { ranges: [GOOD], ...summary });

describe('a region that has left the check', () => {
  const input = { allowList: { urls: [URL] } };

  it('is forgotten, with all that was seen there, by the next run of another', () => {
    const watch = new Watch({ ...input, rotation: { addresses: 40, window: '1h' } });
    const some = { perAnswer: 1, samples: 1 };
    watch.run(good(some), 'ap-south');
    const bad = someEvidence(['203.0.113.9'], { ...some, ranges: [{ url: URL, error: 'status 503' }] });
    for (const region of ['us-east', 'eu-west']) watch.run(bad, region);
    expect(watch.told(good(some), 'ap-south')).toEqual(['C3 critical 203.0.113.9']);
    watch.regions = ['ap-south', 'us-west'];
    expect(watch.told(good(some), 'ap-south')).toEqual([]);
    expect(watch.last?.isWorthStoring).toBe(true);
    expect(JSON.stringify(watch.memory)).not.toMatch(/us-east|eu-west/);
    expect(watch.run(good(some), 'ap-south') && watch.last?.isWorthStoring).toBe(false);
  });

  it('takes its baseline along, and so does a way of comparing that was given up', () => {
    const watch = new Watch({ differsByRegion: true });
    for (const region of ['us-east', 'eu-west']) watch.run(good(), region);
    watch.regions = ['us-east'];
    watch.run(good());
    expect(Object.keys(watch.memory?.baselines ?? {})).toEqual(['us-east']);
    watch.settings = { ...watch.settings, differsByRegion: false };
    watch.run(good());
    expect(
      [watch.memory?.baselines, watch.memory?.present].map((scopes) => Object.keys(scopes ?? {})),
    ).toEqual([['*'], ['*']]);
  });
});

describe('a published file', () => {
  const input = { allowList: { urls: [URL, COPY], notice: '14d' as const } };
  const wide = someRanges(['198.51.100.0/24', '203.0.113.0/24'], { publishedAtMs: 9_000 });
  const looks = (...all: ReturnType<typeof someRanges>[]) => good({ ranges: all });

  it.each([
    ['with a date in the future, which is then put right', { ...wide, publishedAtMs: 4_000_000_000_000 }],
    ['that is taken back to what it was before', wide],
    ['without dates, that is taken back', { ...wide, publishedAtMs: undefined }],
  ])('%s is bad for twenty minutes, not for ever', (_title, newest) => {
    const old = newest.publishedAtMs === undefined ? { ...GOOD, publishedAtMs: undefined } : GOOD;
    const watch = new Watch(input);
    watch.run(looks(old));
    watch.wait(MS_PER_HOUR).run(looks(newest));
    watch.wait(MS_PER_HOUR);
    expect(watch.told(looks(old))).toEqual([`C4 fail ${URL}`]);
    expect(watch.wait(20 * MS_PER_MINUTE).told(looks(old))).toEqual([`C4 fail ${URL}`]);
    expect(watch.wait(1).told(looks(old))).toEqual([]);
    // And what it then lists anew is new.
    const moved = someEvidence(['203.0.113.9'], { ranges: [old] });
    expect(watch.told(moved)).toEqual(['C3 critical 203.0.113.9']);
  });

  it('is bad for a run at least when the check is seldom run, and for as long as its copies differ', () => {
    const seldom = new Watch(input);
    seldom.run(looks(wide));
    expect(seldom.wait(MS_PER_DAY).told(looks(GOOD))).toEqual([`C4 fail ${URL}`]);
    expect(seldom.wait(MS_PER_DAY).told(looks(GOOD))).toEqual([]);
    const differing = new Watch(input);
    const both = looks(wide, { ...GOOD, url: COPY });
    for (let run = 0; run < 100; run += 1) {
      differing.wait(5 * MS_PER_MINUTE);
      if (run > 3) expect(differing.told(both)).toEqual([`C4 fail ${COPY}`]);
      else differing.run(both);
    }
    expect(differing.told(looks(wide))).toEqual([]);
  });

  it('that has changed without its date is told of for a day', () => {
    const watch = new Watch(input);
    watch.run(looks(GOOD));
    const undated = looks({ ...wide, publishedAtMs: 1_000 });
    expect(watch.told(undated)).toEqual([`C4 warn ${URL}`]);
    expect(watch.wait(MS_PER_DAY - 1).told(undated)).toEqual([`C4 warn ${URL}`]);
    expect(watch.wait(1).told(undated)).toEqual([]);
  });

  it('is the same with a copy more: what was too new stays so; of another service it is not', () => {
    const watch = new Watch({ allowList: { urls: [URL], notice: '14d' } });
    const moved = someEvidence(['203.0.113.9'], { ranges: [wide] });
    watch.run(looks(GOOD));
    expect(watch.told(moved)).toEqual(['C3 fail 203.0.113.9']);
    watch.settings = new Watch(input).settings;
    expect(watch.told(moved)).toEqual(['C3 fail 203.0.113.9']);
    watch.settings = new Watch({ allowList: { urls: [URL], service: 'API' } }).settings;
    expect(watch.told(moved)).toEqual([]);
  });

  it('that is away for 59 minutes is missed by nobody, for 61 it is bad, and it ends with the first reading', () => {
    const watch = new Watch(input);
    watch.run(looks(GOOD));
    const away = good({ ranges: [{ url: URL, error: 'status 503' }] });
    watch.run(away);
    expect(watch.wait(59 * MS_PER_MINUTE).told(away)).toEqual([]);
    expect(watch.wait(2 * MS_PER_MINUTE).told(away)).toEqual([`C4 fail ${URL}`]);
    expect(watch.told(looks(GOOD))).toEqual([]);
    expect(watch.memory?.file?.failing).toEqual({});
  });
});

describe('serials and cached failures', () => {
  const at = (serial: number) => good({ serials: [{ server: 'dns://192.0.2.1', serial }] });

  it('that go back are bad for a run at least of a check that is seldom run, and then the newest', () => {
    const watch = new Watch();
    watch.run(at(10));
    expect(watch.wait(MS_PER_HOUR).told(at(7))).toEqual(['D1 fail dns://192.0.2.1']);
    expect(watch.wait(MS_PER_HOUR).told(at(7))).toEqual([]);
    expect(watch.told(at(8))).toEqual([]);
  });

  it('that one server alone lacks for a while have not been taken back', () => {
    const watch = new Watch();
    watch.run(at(10));
    for (let run = 0; run < 30; run += 1) {
      watch.wait(2 * MS_PER_MINUTE).run(at(9), 'eu-west');
      watch.run(at(10));
    }
    expect(watch.memory?.serials).toMatchObject({ newest: { serial: 10 } });
    expect(watch.told(at(9), 'eu-west')).toContain('D1 fail dns://192.0.2.1');
  });

  it('end with the resolver, also where the authorities cannot be asked any more', () => {
    const watch = new Watch();
    const run = (outcome: 'SERVFAIL' | 'ANSWER', authoritiesAnswer?: boolean) =>
      good({ resolvers: [{ server: 'https://dns.example', outcome }], authoritiesAnswer });
    watch.run(run('SERVFAIL', false));
    watch.run(run('SERVFAIL', true));
    watch.wait(MS_PER_HOUR);
    expect(watch.told(run('SERVFAIL'))).toEqual(['E3 fail https://dns.example']);
    expect(watch.told(run('ANSWER'))).toEqual([]);
    expect(watch.told(run('SERVFAIL'))).toEqual([]);
  });
});

describe('a clock that is set back', () => {
  it('does not keep anything bad, nor from being stored', () => {
    const watch = new Watch({ allowList: { urls: [URL] } });
    for (const region of ['us-east', 'eu-west']) watch.run(good(), region);
    watch.wait(-400 * MS_PER_DAY);
    watch.run(good());
    expect(watch.last?.isWorthStoring).toBe(true);
    for (let run = 0; run < 60; run += 1)
      expect(watch.wait(MS_PER_MINUTE).told(good(), run % 2 === 0 ? 'us-east' : 'eu-west')).toEqual([]);
  });
});

/** Numbers from 0 to below 1, the same for a seed (mulberry32). */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const REGIONS = ['us-east', 'us-west', 'eu-west', 'edge-eu'];
const PREFIXES = ['198.51.100.0/24', '198.51.100.0/25', '198.51.0.0/16', '203.0.113.0/24', '192.0.2.0/24'];

/** An hour in which everything goes wrong: addresses, file, copies, serials, resolvers, regions, clock. */
function disorder(watch: Watch, chance: () => number): void {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(chance() * items.length)] as Item;
  const look = (url: string) =>
    chance() < 0.15
      ? { url, error: 'status 503' }
      : someRanges(
          PREFIXES.filter(() => chance() < 0.5)
            .concat(pick(PREFIXES))
            .filter(isFirst),
          {
            url,
            publishedAtMs: chance() < 0.3 ? undefined : Math.floor(chance() * 4) * 1e12,
          },
        );
  for (let run = 0; run < 60; run += 1) {
    watch.wait(chance() < 0.05 ? -MS_PER_HOUR * chance() : MS_PER_MINUTE * chance());
    if (chance() < 0.05)
      watch.regions = REGIONS.filter(() => chance() < 0.7)
        .concat(pick(REGIONS))
        .filter(isFirst);
    if (chance() < 0.05 && watch.memory)
      watch.memory = accepted(watch.memory, 'Ada', watch.nowMs) ?? watch.memory;
    const given = [...addresses(4), '203.0.113.9', '192.0.2.7', '2001:db8::1'].filter(() => chance() < 0.5);
    watch.run(
      someEvidence(given, {
        samples: Math.floor(chance() * 9),
        perAnswer: Math.ceil(chance() * 8),
        measured: chance() < 0.2 ? [] : [measuredA(Math.floor(chance() * 120))],
        ranges: [look(URL), look(COPY)],
        serials: [1, 2].map((server) => ({
          server: `dns://192.0.2.${server}`,
          serial: pick([1, 2, 3, 0xffff_ffff, 2_026_112_101]),
        })),
        resolvers: [{ server: 'https://dns.example', outcome: pick(['SERVFAIL', 'ANSWER']) }],
        authoritiesAnswer: pick([true, false, undefined]),
      }),
      pick(watch.regions ?? REGIONS),
    );
  }
}

function isFirst(one: string, at: number, all: readonly string[]): boolean {
  return all.indexOf(one) === at;
}

it.each(Array.from({ length: 60 }, (_, seed) => seed))(
  'after an hour of disorder and a day of order nothing is bad any more (seed %i)',
  (seed) => {
    const chance = chanceOf(seed);
    const rotates = chance() < 0.5;
    const watch = new Watch({
      allowList: { urls: [URL, COPY], notice: '6h', removeNotice: '3h' },
      ...(rotates ? { rotation: { addresses: 4, window: '1h' } } : {}),
      ...(chance() < 0.3 ? { differsByRegion: true } : {}),
    });
    watch.regions = REGIONS;
    disorder(watch, chance);
    watch.regions = REGIONS;
    const order = good({
      ranges: [GOOD, { ...GOOD, url: COPY }],
      serials: [{ server: 'dns://192.0.2.1', serial: 5 }],
      resolvers: [{ server: 'https://dns.example', outcome: 'ANSWER' }],
      authoritiesAnswer: true,
    });
    const isBadNow = (): string[] =>
      REGIONS.flatMap((region) =>
        watch
          .wait(4 * MS_PER_MINUTE)
          .run(order, region)
          .filter(isBad)
          .map(({ message }) => message),
      );
    for (let round = 0; round < 90; round += 1) isBadNow();
    expect(isBadNow()).toEqual([]);
    expect(JSON.stringify(watch.memory).length).toBeLessThan(10_000);
  },
);
