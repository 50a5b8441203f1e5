import { describe, expect, it } from 'vitest';
import type { Trouble } from '#core/dns/asking/exchange.ts';
import { isBad } from '#core/dns/findings/finding.ts';
import { NODE, SILENT, WORKER } from '#test/fixtures/dns/world.ts';
import { inquired, judgedIn, R1, type Site } from './internet.ts';
import { atServers, silent } from './sites.ts';

const CUT: Trouble = {
  class: 'NOT_MEASURABLE',
  message: "the run's time was over before it was asked",
  probeFault: true,
};

/** Something that becomes of questions by their number in the run, from 0. */
function byNumber(is: (at: number) => boolean, trouble: Trouble): NonNullable<Site['way']> {
  let count = 0;
  return (query, exchange) => {
    const at = count;
    count += 1;
    return is(at) ? { task: query, atMs: 0, exchangeMs: 3_000, tries: 3, trouble } : exchange;
  };
}

async function questionsIn(vantage: typeof NODE): Promise<number> {
  return (await inquired({}, vantage)).inquiry().answered.length;
}

describe.each([NODE, WORKER])('from a $kind', (vantage) => {
  it('a run that is cut anywhere finds nothing that is not there, and passes once its first questions are answered', async () => {
    const count = await questionsIn(vantage);
    for (let left = 0; left < count; left += 9) {
      const { outcome, evidence } = await judgedIn({ way: byNumber((at) => at >= left, CUT) }, vantage);
      expect(outcome).toBe(left === 0 ? 'invalid' : 'pass');
      const seen = evidence.findings.filter(({ id, severity }) => severity !== 'info' && id !== 'D6');
      expect(seen).toEqual([]);
    }
  });

  it('no question by itself fails a run by being lost', async () => {
    const count = await questionsIn(vantage);
    for (let lost = 0; lost < count; lost += vantage === NODE ? 1 : 4) {
      const { outcome, evidence } = await judgedIn({ way: byNumber((at) => at === lost, SILENT) }, vantage);
      expect({ lost, outcome, bad: evidence.findings.filter(isBad) }).toEqual({
        lost,
        outcome: 'pass',
        bad: [],
      });
    }
  });
});

it('what is met with silence twice is no loss', async () => {
  const quirk = atServers(({ type }) => (type === 28 ? SILENT : undefined));
  const { evidence } = await judgedIn({ quirks: quirk });
  expect(evidence.findings.filter(isBad).map(({ id }) => id)).toContain('A7');
});

it('of servers that say nothing, nothing is asked twice', async () => {
  const inquirer = await inquired({ quirks: atServers(silent) });
  const again = inquirer.inquiry().answered.filter(({ query }) => query.time === 2);
  expect(again.filter(({ query }) => !query.recursionDesired)).toEqual([]);
  expect(again.some(({ query }) => query.server.url === R1)).toBe(true);
});
