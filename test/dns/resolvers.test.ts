import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DnsInput } from '#core/checks/dns.ts';
import type { Finding } from '#core/dns/findings/finding.ts';
import { checkOnce, idsOf } from '#test/fixtures/dns/check-once.ts';
import { startDohBridge, type BridgeOptions } from '#test/fixtures/dns/doh-bridge.ts';
import { Lab, type LabServer } from '#test/fixtures/dns/lab.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { startNsd } from '#test/fixtures/dns/servers/nsd.ts';
import { startRecursor } from '#test/fixtures/dns/servers/powerdns.ts';
import { startUnbound } from '#test/fixtures/dns/servers/unbound.ts';
import { makeTls } from '#test/fixtures/dns/tls.ts';

const ZONE = 'example.test';

describe.skipIf(cannotStart('nsd', 'unbound', 'pdns_recursor', 'openssl'))('what resolvers say', () => {
  let lab: Lab;
  let nsd: LabServer;
  let unbound: LabServer;
  let ca: string;

  beforeAll(async () => {
    lab = await Lab.open();
    nsd = await startNsd(lab);
    unbound = await startUnbound(lab, [{ zone: ZONE, authority: nsd }]);
    ({ ca } = await lab.tls());
  });
  afterAll(() => lab.close());

  async function findingsOf(
    resolvers: string[],
    over: Partial<Omit<DnsInput, 'kind'>> = {},
    trust: string | undefined = ca,
  ): Promise<Finding[]> {
    const { findings } = await checkOnce(
      {
        name: `a8.${ZONE}`,
        zone: ZONE,
        aspects: ['resolvability', 'freshness', 'encrypted'],
        authorities: [nsd.url],
        resolvers,
        ...over,
      },
      { ca: trust },
    );
    return findings;
  }

  it('the same over UDP, TCP, TLS and HTTPS has no finding', async () => {
    const { url, dotUrl, dohUrl } = unbound;
    expect(await findingsOf([url, dotUrl, dohUrl])).toEqual([]);
  });

  it('a certificate nobody trusts, at one of three, is a warning', async () => {
    const other = await makeTls(await lab.subfolder('other'));
    const findings = await findingsOf([unbound.url, unbound.url, unbound.dotUrl], {}, other.ca);
    expect(idsOf(findings)).toEqual(['A6 warn', 'A2 warn', 'F1 warn']);
    expect(findings.at(-1)).toMatchObject({ subject: unbound.dotUrl, outcome: 'TLS_FAIL' });
  });

  it.each([
    [10, 'F1 warn'],
    [2, 'F1 fail'],
  ])('a certificate of %i days is %s', async (days, expected) => {
    const tls = await makeTls(await lab.subfolder(`days-${days}`), { days });
    const bridge = await startDohBridge({ upstream: nsd, tls });
    onTestFinished(() => bridge.close());
    expect(idsOf(await findingsOf([bridge.url], {}, tls.ca))).toEqual([expected]);
  });

  it.each<[NonNullable<BridgeOptions['faults']>, string[]]>([
    [{}, []],
    [{ status: 503 }, ['A1 fail', 'A2 fail', 'F2 fail']],
    [{ maxAgeS: 86_400 }, ['F2 fail']],
  ])('DoH with %j is %j', async (faults, expected) => {
    const bridge = await startDohBridge({ upstream: unbound, faults });
    onTestFinished(() => bridge.close());
    expect(idsOf(await findingsOf([bridge.url]))).toEqual(expected);
  });

  it('a resolver that gives 257 records once is found by asking again', async () => {
    const recursor = await startRecursor(lab, nsd, ZONE);
    const found = async (url: string, count: number) =>
      idsOf(await findingsOf([url], { aspects: ['resolvability'], name: `a${count}.${ZONE}` }));
    const overTcp = recursor.url.replace('dns:', 'tcp:');
    expect(await found(overTcp, 256)).toEqual([]);
    expect(await found(overTcp, 257)).toEqual(['A5 fail']);
    // Asked over UDP and TCP at once, it may have fallen ill before the check asks again: it is found once either way.
    expect(await found(recursor.url, 300)).toEqual([expect.stringMatching(/^A[15] fail$/)]);
  });
});
