import { describe, expect, test } from 'vitest';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { Measured } from '#core/dns/findings/evidence.ts';
import { measuredOf } from '#core/dns/measure/measured.ts';
import { run, SILENT, WORKER, World } from '#test/fixtures/dns/world.ts';
import { ONE, poolZone, RESOLVER, TWO } from '../a-pool.ts';

/** Each record with a TTL of its own. */
const pool = (count: number, more?: string) => poolZone(count, more, (at) => 60 + at);

const CHECK = {
  name: 'pool.example.test',
  zone: 'example.test',
  authorities: [ONE, TWO],
  resolvers: [RESOLVER],
  aspects: ['size' as const],
};

async function measured(world: World, input: Partial<typeof CHECK> = {}, vantage?: typeof WORKER) {
  const inquirer = await run(world, { ...CHECK, ...input }, vantage);
  return measuredOf(inquirer.inquiry(), RR_TYPES.A);
}

describe('the figures of a baseline', () => {
  test('are of the largest whole answer of an authority, not of a truncated one', async () => {
    const figures = await measured(new World().serve(ONE, [pool(20)]).serve(TWO, [pool(40)]));
    expect(figures).toEqual({
      type: RR_TYPES.A,
      outcome: 'ANSWER',
      records: 40,
      floorBytes: 675,
      wireBytes: 686,
      uncompressedBytes: 1_355,
      chain: 0,
      minTtlS: 60,
    });
    expect(Measured.parse(figures)).toEqual(figures);
  });

  test('are the same from a Worker, without UDP', async () => {
    const world = () => new World().serve(ONE, [pool(40)]).serve(TWO, [pool(40)]);
    expect(await measured(world(), {}, WORKER)).toEqual(await measured(world()));
  });

  test('tell the aliases and the least TTL on the way', async () => {
    const text = pool(40, 'www 30 CNAME web\nweb 3600 CNAME pool');
    const world = new World().serve(ONE, [text]).serve(TWO, [text]);
    expect(await measured(world, { name: 'www.example.test' })).toMatchObject({
      records: 40,
      chain: 2,
      minTtlS: 30,
    });
  });

  test('are a resolver’s where no authority says anything, but for its TTL, which counts down', async () => {
    const world = new World().resolve(RESOLVER, [pool(12)]);
    const figures = await measured(world);
    expect(figures).toMatchObject({ outcome: 'ANSWER', records: 12 });
    expect(figures?.minTtlS).toBeUndefined();
  });

  test('of a name that is gone say so', async () => {
    const world = new World().serve(ONE, [pool(1)]).serve(TWO, [pool(1)]);
    expect(await measured(world, { name: 'gone.example.test' })).toMatchObject({
      outcome: 'NXDOMAIN',
      records: 0,
      chain: 0,
    });
  });

  test('are none where nobody answers', async () => {
    expect(await measured(new World().serve(ONE, [pool(1)], () => SILENT))).toBeUndefined();
  });
});
