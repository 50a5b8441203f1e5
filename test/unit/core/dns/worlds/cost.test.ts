import { expect, test } from 'vitest';
import { NODE, WORKER } from '#test/fixtures/dns/world.ts';
import { inquired, NS1, R1, type Site } from './internet.ts';
import { FOUR_SERVERS, signed } from './sites.ts';

/** What a check asks by default is asked every thirty seconds: of no server more than one question a second. */
const QUESTIONS_MAX = 30;

async function questionsOf(site: Site, vantage = NODE): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { query } of (await inquired(site, vantage)).inquiry().answered)
    counts.set(query.server.url, (counts.get(query.server.url) ?? 0) + 1);
  return counts;
}

test.each<[string, Site]>([
  ['two servers', {}],
  ['four servers', FOUR_SERVERS],
  ['a signed zone', signed()],
])('a whole check of %s asks each of them no more than one question a second', async (_title, site) => {
  for (const vantage of [NODE, WORKER]) {
    const counts = await questionsOf(site, vantage);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(QUESTIONS_MAX);
  }
});

test('every further type costs a server of the zone about three, and the first resolver as much', async () => {
  const one = await questionsOf({});
  const two = await questionsOf({ input: { types: ['A', 'AAAA'] } });
  for (const url of [NS1, R1]) expect((two.get(url) ?? 0) - (one.get(url) ?? 0)).toBeLessThanOrEqual(3);
});
