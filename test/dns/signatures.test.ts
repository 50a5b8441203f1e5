import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Finding } from '#core/dns/findings/finding.ts';
import { askOne, type LabAnswer } from '#test/fixtures/dns/ask-one.ts';
import { checkOnce, idsOf } from '#test/fixtures/dns/check-once.ts';
import { Lab } from '#test/fixtures/dns/lab.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { startSignedLab, type SignedLab } from '#test/fixtures/dns/signed-lab.ts';

describe.skipIf(cannotStart('nsd', 'unbound', 'dnssec-keygen', 'dnssec-signzone', 'openssl'))(
  'signed zones through a resolver that validates',
  () => {
    let lab: Lab;
    let signed: SignedLab;

    beforeAll(async () => {
      lab = await Lab.open();
      signed = await startSignedLab(lab, Date.now());
    });
    afterAll(() => lab.close());

    const resolve = (name: string, checkingDisabled = false): Promise<LabAnswer> =>
      askOne({ url: signed.validator.url, name, way: 'U1D' }, { checkingDisabled });
    const errorsOf = ({ message }: LabAnswer): string[] =>
      (message?.opt?.extendedErrors ?? []).map(({ code, text }) => `${code} ${text}`);

    it.each(['a8.ok.test', 'a8.soon.test'])('%s is answered, and known to be authentic', async (name) => {
      const { message, outcome } = await resolve(name);
      expect(outcome).toBe('ANSWER');
      expect(message?.authenticated).toBe(true);
    });

    it('what has expired is SERVFAIL, says so in words, and is answered to who does not check', async () => {
      const answer = await resolve('a8.expired.test');
      expect(answer.outcome).toBe('SERVFAIL');
      // The number is that of a missing DNSKEY: the family and the text are what can be gone by.
      expect(errorsOf(answer)).toEqual([expect.stringMatching(/^9 .*signature expired/)]);
      expect((await resolve('a8.expired.test', true)).outcome).toBe('ANSWER');
    });

    it('what is forged is SERVFAIL, and its neighbour is not', async () => {
      const answer = await resolve('a8.bogus.test');
      expect(answer.outcome).toBe('SERVFAIL');
      expect(errorsOf(answer)).toEqual([expect.stringMatching(/^6 .*signature crypto failed/)]);
      expect((await resolve('a8.bogus.test', true)).outcome).toBe('ANSWER');
      expect((await resolve('a1.bogus.test')).outcome).toBe('ANSWER');
    });

    it('what its server does not know of is SERVFAIL', async () => {
      expect((await resolve('a8.lame.test')).outcome).toBe('SERVFAIL');
      const own = await askOne({ url: signed.authority.url, name: 'a8.lame.test', way: 'U1' });
      expect(own.outcome).toBe('REFUSED');
    });

    it.each<[zone: string, findings: string[]]>([
      ['ok.test', []],
      // Six hours are under the twelve of Zonemaster's DNSSEC04.
      ['soon.test', ['E7 fail']],
      ['expired.test', ['A1 fail', 'A4 fail', 'E7 critical', 'E9 fail']],
      ['bogus.test', ['A1 fail', 'A4 fail', 'E9 fail']],
      ['lame.test', ['A1 fail', 'A4 fail']],
      ['stale.test', []],
    ])('a check of %s finds %j', async (zone, expected) => {
      expect(idsOf(await findingsOf(zone))).toEqual(expected);
    });

    it('what nobody serves any more is served stale for thirty seconds at a time', async () => {
      expect((await resolve('a8.stale.test')).outcome).toBe('ANSWER');
      await signed.staleAuthority.stop('SIGKILL');
      const stale = await vi.waitFor(
        async () => {
          const answer = await askOne({ url: signed.validator.url, name: 'a8.stale.test', way: 'T' });
          expect(errorsOf(answer)).toEqual([expect.stringMatching(/^3/)]);
          return answer;
        },
        { timeout: 20_000 },
      );
      expect(stale.outcome).toBe('ANSWER');
      expect(stale.message?.answers.map(({ ttlS }) => ttlS)).toEqual(Array(8).fill(30));

      // The name resolves, and yet nobody is at home: over UDP and over TCP the authority refuses.
      const findings = await findingsOf('stale.test');
      expect(idsOf(findings)).toEqual(
        // Unbound 1.17 now and then leaves a type it is seldom asked for without any reply then, which is an A7 too.
        expect.arrayContaining(['A1 fail', 'A2 fail', 'E4 warn']),
      );
    });

    async function findingsOf(zone: string): Promise<Finding[]> {
      const authority = zone === 'stale.test' ? signed.staleAuthority : signed.authority;
      const { findings } = await checkOnce({
        name: `a8.${zone}`,
        zone,
        aspects: ['resolvability', 'dnssec', 'freshness'],
        authorities: [authority.url],
        resolvers: [signed.validator.url],
        // How long it takes on a busy machine is not what is asked here.
        limits: { latencyWarnMs: 60_000, latencyFailMs: 60_000 },
      });
      return findings;
    }
  },
);
