import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '#core/dns/findings/finding.ts';
import { askOne } from '#test/fixtures/dns/ask-one.ts';
import { startBuggyResolver, type BuggyMode } from '#test/fixtures/dns/buggy-resolver.ts';
import { checkOnce, idsOf } from '#test/fixtures/dns/check-once.ts';
import { Lab, type LabServer } from '#test/fixtures/dns/lab.ts';
import type { Listener } from '#test/fixtures/dns/listener.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { startKnot } from '#test/fixtures/dns/servers/knot.ts';

const ZONE = 'example.test';
/** One more than the resolvers of 2018 took, and small enough for every datagram. */
const NAME = 'a21.example.test';
/** Too big for 512 octets, small enough for 1232. */
const BIG_NAME = 'a40.example.test';

/** Nothing in the lab takes a tenth of it. */
const SILENCE_MS = 700;

describe.skipIf(cannotStart('knotd'))('a server that is wrong in one way', () => {
  let lab: Lab;
  let knot: LabServer;

  beforeAll(async () => {
    lab = await Lab.open();
    knot = await startKnot(lab);
  });
  afterAll(() => lab.close());

  describe('a resolver that cannot take 21 records', () => {
    it.each<[BuggyMode, outcome: string, findings: string[]]>([
      // That there is an AAAA's NODATA beside A's NXDOMAIN is what shows that the name is not gone.
      ['max-rrs=20:nxdomain', 'NXDOMAIN', ['A1 fail', 'A3 fail']],
      ['max-rrs=20:nodata', 'NODATA', ['A1 fail']],
      ['max-rrs=20:servfail', 'SERVFAIL', ['A1 fail']],
      ['max-rrs=20:formerr', 'FORMERR', ['A1 fail']],
      // Over UDP it replies to other questions; over TCP it was asked this one alone.
      ['max-rrs=20:drop', 'TIMEOUT', ['A1 fail', 'A2 fail']],
    ])('%s is %s on every transport, and one failure', async (mode, outcome, expected) => {
      const resolver = await startBuggy([mode, 'full-upstream']);
      expect(await outcomesOf(resolver, NAME)).toEqual([outcome, outcome, outcome]);
      const findings = await resolvabilityOf([resolver]);
      expect(idsOf(findings)).toEqual(expected);
      expect(findings[0]).toMatchObject({ subject: resolver.url, outcome });
      expect(findings[0]?.message).toContain("the zone's own servers answer");
    });

    it('beside good ones deviates from the quorum, and the profile of its kind says why', async () => {
      const good = await Promise.all([startBuggy([]), startBuggy([])]);
      const bad = await startBuggy(['max-rrs=20:nxdomain', 'full-upstream']);
      const findings = await resolvabilityOf([...good, bad], ['resolvability', 'profiles']);
      const quorum = findings.find(({ id }) => id === 'A6');
      expect(quorum).toMatchObject({ subject: bad.url, outcome: 'NXDOMAIN', figures: { bad: 1, of: 3 } });
      expect(idsOf(findings)).not.toContain('A1 fail');
      const profiles = findings.filter(({ id }) => id === 'B16').map(({ subject }) => subject);
      expect(profiles).toEqual(['twenty-nxdomain', 'twenty-silent']);
    });

    it('and says nothing of it differs from a quorum of others', async () => {
      const good = await Promise.all([startBuggy([]), startBuggy([])]);
      const bad = await startBuggy(['max-rrs=20:truncate-silent', 'full-upstream']);
      const { message } = await askOne({ url: bad.url, name: NAME, way: 'U0' });
      expect(message).toMatchObject({ truncated: false, rcode: 0 });
      expect(message?.answers).toHaveLength(20);
      const findings = await resolvabilityOf([...good, bad]);
      expect(idsOf(findings)).toEqual(['A6 warn']);
      expect(findings[0]?.subject).toBe(bad.url);
    });
  });

  it('a lone resolver that passes on twenty of twenty-one is told apart from the zone itself', async () => {
    const bad = await startBuggy(['max-rrs=20:truncate-silent', 'full-upstream']);
    const findings = await resolvabilityOf([bad]);
    expect(idsOf(findings)).toEqual(['A6 warn']);
    expect(findings[0]).toMatchObject({ subject: bad.url, figures: { records: 20, ofRecords: 21 } });
  });

  describe('a resolver that others reach only in part', () => {
    it.each<[BuggyMode[], outcomes: string[], findings: string[]]>([
      [[], ['ANSWER', 'ANSWER', 'ANSWER'], []],
      [['refuse-tcp'], ['ANSWER', 'ANSWER', 'CONN_REFUSED'], ['A2 fail']],
      [['ignore-tcp'], ['ANSWER', 'ANSWER', 'TIMEOUT'], ['A2 fail']],
      [['formerr-edns'], ['ANSWER', 'FORMERR', 'FORMERR'], ['A1 fail']],
    ])('%j gives %j without EDNS, with it, and over TCP', async (modes, outcomes, expected) => {
      const resolver = await startBuggy(modes);
      expect(await outcomesOf(resolver, NAME)).toEqual(outcomes);
      expect(idsOf(await resolvabilityOf([resolver]))).toEqual(expected);
    });
  });

  describe('a middlebox before an authority', () => {
    /** What is found beside what is found of the authority itself. */
    it.each<[BuggyMode[], outcomes: string[], added: string[]]>([
      [['clamp512'], ['EMPTY_TRUNCATED', 'EMPTY_TRUNCATED', 'ANSWER'], ['B10 warn', 'B11 warn', 'B6 warn']],
      [['udp-max=512'], ['EMPTY_TRUNCATED', 'EMPTY_TRUNCATED', 'ANSWER'], ['B11 warn', 'B6 warn']],
      [['refuse-tcp'], ['EMPTY_TRUNCATED', 'ANSWER', 'CONN_REFUSED'], ['B7 fail']],
      [['ignore-tcp'], ['EMPTY_TRUNCATED', 'ANSWER', 'TIMEOUT'], ['B7 fail']],
      [['drop-edns'], ['EMPTY_TRUNCATED', 'TIMEOUT', 'TIMEOUT'], ['B10 fail', 'B7 fail']],
    ])('%j gives %j without EDNS, with it, and over TCP', async (modes, outcomes, added) => {
      const [healthy, sick] = await Promise.all([
        startBuggy([], 'authority'),
        startBuggy(modes, 'authority'),
      ]);
      expect(await outcomesOf(sick, BIG_NAME)).toEqual(outcomes);
      const [before, after] = await Promise.all([sizesOf(healthy), sizesOf(sick)]);
      const known = idsOf(before);
      const more = idsOf(after).filter((id) => !known.includes(id));
      expect(new Set(more)).toEqual(new Set(added));
    });

    it('that clears TC is found by what the whole answer has', async () => {
      const sick = await startBuggy(['clear-tc'], 'authority');
      expect(await outcomesOf(sick, BIG_NAME)).toEqual(['NODATA', 'ANSWER', 'ANSWER']);
      const cut = (await sizesOf(sick)).filter(({ message }) => message.includes('no TC to say so'));
      expect(cut.map(({ id, severity }) => `${id} ${severity}`)).toEqual(['B6 fail']);
    });

    it.each<[BuggyMode, string]>([
      ['clamp512', 'B10 warn'],
      ['formerr-edns', 'B10 fail'],
    ])('%s is one fault of EDNS, however many questions it spoils', async (mode, expected) => {
      const findings = await sizesOf(await startBuggy([mode], 'authority'));
      const ofEdns = findings.filter(({ id }) => id === 'B10');
      expect(ofEdns.map(({ id, severity, subject }) => `${id} ${severity} ${subject}`)).toEqual([
        `${expected} EDNS`,
        `${expected} EDNS over TCP`,
      ]);
      expect(findings.filter(({ message }) => message.includes('its 34 octets'))).toEqual([]);
    });

    it('that clears TC leaves no record, and no sign of it', async () => {
      const sick = await startBuggy(['clamp512', 'clear-tc', 'refuse-tcp'], 'authority');
      expect(await outcomesOf(sick, BIG_NAME)).toEqual(['NODATA', 'NODATA', 'CONN_REFUSED']);
      const { message } = await askOne({ url: sick.url, name: BIG_NAME, way: 'U1' });
      expect(message?.bytes).toHaveLength(34);
    });
  });

  async function startBuggy(modes: BuggyMode[], as?: 'authority'): Promise<Listener> {
    const resolver = await startBuggyResolver(knot, modes, as);
    onTestFinished(() => resolver.close());
    return resolver;
  }

  async function resolvabilityOf(
    resolvers: readonly Listener[],
    aspects: ('resolvability' | 'profiles')[] = ['resolvability'],
  ): Promise<Finding[]> {
    const { findings } = await checkOnce({
      name: NAME,
      zone: ZONE,
      aspects,
      authorities: [knot.url],
      resolvers: resolvers.map(({ url }) => url),
    });
    return findings;
  }
});

function outcomesOf({ url }: Listener, name: string): Promise<string[]> {
  const ways = ['U0', 'U1', 'T'] as const;
  return Promise.all(
    ways.map(async (way) => (await askOne({ url, name, way }, { timeoutMs: SILENCE_MS })).outcome),
  );
}

async function sizesOf(authority: Listener): Promise<Finding[]> {
  const { findings } = await checkOnce({
    name: BIG_NAME,
    zone: ZONE,
    aspects: ['size', 'edns'],
    authorities: [authority.url],
  });
  return findings;
}
