import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersToSeeAll } from '#core/dns/contract/rotation.ts';
import { askOne } from '#test/fixtures/dns/ask-one.ts';
import { Lab, type LabServer } from '#test/fixtures/dns/lab.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { startPowerDns } from '#test/fixtures/dns/servers/powerdns.ts';
import { startUnbound } from '#test/fixtures/dns/servers/unbound.ts';
import { POOL, splitZone, testAddresses } from '#test/fixtures/dns/zones.ts';

const NAME = 'api.split.test';

describe.skipIf(cannotStart('pdns_server', 'unbound', 'openssl'))(
  'a pool of which each answer shows a part',
  () => {
    let lab: Lab;
    let authority: LabServer;

    beforeAll(async () => {
      lab = await Lab.open();
      authority = await startPowerDns(lab, { zones: [splitZone()] });
    });
    afterAll(() => lab.close());

    it('is seen whole within the budget for it, by asking the authority', async () => {
      // 40 answers miss some address once in 200 runs; one in a million is rare enough for a test.
      const budget = answersToSeeAll(POOL.addresses, POOL.perAnswer, 1 - 1e-6);
      const union = new Set<string>();
      for (let answers = 0; answers < budget && union.size < POOL.addresses; answers += 1) {
        const sample = await addressesOf(authority);
        expect(new Set(sample).size).toBe(POOL.perAnswer);
        for (const address of sample) union.add(address);
      }
      expect([...union].toSorted()).toEqual(testAddresses(POOL.addresses).toSorted());
    });

    it('is one sample for a TTL, by asking a resolver', async () => {
      const resolver = await startUnbound(lab, [{ zone: 'split.test', authority }]);
      const first = await addressesOf(resolver);
      for (let answers = 0; answers < 10; answers += 1)
        expect((await addressesOf(resolver)).toSorted()).toEqual(first.toSorted());
    });
  },
);

async function addressesOf({ url }: LabServer): Promise<string[]> {
  const { message } = await askOne({ url, name: NAME, way: 'U1' });
  return (message?.answers ?? []).flatMap(({ rdata }) => (rdata.kind === 'A' ? [rdata.address] : []));
}
