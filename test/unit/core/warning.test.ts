import { describe, expect, it } from 'vitest';
import type { Finding } from '#core/dns/findings/finding.ts';
import type { Run } from '#core/run.ts';
import { aDnsCheck, aFailedRun, aPolicy, aRun } from '#test/fixtures/builders.ts';
import { someEvidence } from '#test/fixtures/dns-evidence.ts';
import { MS_PER_DAY, MS_PER_HOUR } from '#core/units.ts';
import { Story } from './story.ts';

const TTL: Finding = { id: 'E1', severity: 'warn', subject: 'A', message: 'The TTL is 7200 s.' };
const GROWN: Finding = { id: 'B15', severity: 'warn', subject: 'A', message: 'It has 9 records.' };
const TOLD: Finding = { id: 'E5', severity: 'info', subject: 'zone', message: 'It has come round.' };
const BAD: Finding = { id: 'B1', severity: 'fail', subject: 'A', message: 'It has 40 records.' };

function aStory(over: { regions?: string[] } = {}): Story {
  const check = aDnsCheck({}, over);
  return new Story({ ...aPolicy(), check });
}

/** A passing run that has found these. */
const finding =
  (...findings: Finding[]) =>
  (over: Partial<Run>): Run =>
    aRun({ ...over, check: 'portal-name', dns: someEvidence([], {}, findings) });

const said = (story: Story): string[] => story.notices.map(({ summary }) => summary);

describe('the warnings of a DNS check', () => {
  it('are told once two regions see them, in a notice that wakes nobody', () => {
    const story = aStory().run(finding(TTL, GROWN, TOLD), 'us-east');
    expect(story.notices).toEqual([]);
    story.run(finding(TTL, GROWN), 'us-west');
    expect(story.pages).toHaveLength(1);
    expect(story.notices[0]).toMatchObject({
      event: 'notice',
      reason: 'dns-warning',
      severity: 'warning',
      dedupKey: `portal-name:dns-warning:${story.nowMs}`,
      summary:
        'Name of the portal warns of E1 TTL, B15 regression. A: The TTL is 7200 s. A: It has 9 records.',
      incidentUrl: 'https://latchkey.example/operator/checks/portal-name',
    });
    expect(story.bursts).toBe(0);
  });

  it('are told by the only region of a check', () => {
    const story = aStory({ regions: ['us-east'] }).run(finding(TTL), 'us-east');
    expect(said(story)).toEqual(['Name of the portal warns of E1 TTL. A: The TTL is 7200 s.']);
  });

  it('are told again only when another one joins, and then that one', () => {
    const story = aStory().run(finding(TTL), 'us-east').run(finding(TTL), 'us-west');
    for (let round = 0; round < 200; round += 1)
      story.wait(30_000).run(finding(TTL), 'us-east').run(finding(TTL), 'us-west').tick();
    expect(said(story)).toHaveLength(1);
    story.run(finding(TTL, GROWN), 'us-east').run(finding(TTL, GROWN), 'eu-west');
    expect(said(story).slice(1)).toEqual([
      'Name of the portal warns of B15 regression. A: It has 9 records.',
    ]);
  });

  it('are not told for coming and going, and are after a day without', () => {
    const story = aStory({ regions: ['us-east'] });
    for (let hour = 0; hour < 48; hour += 1)
      story.run(hour % 12 === 0 ? finding(TTL) : finding(), 'us-east').wait(MS_PER_HOUR);
    expect(said(story)).toHaveLength(1);
    story.run(finding(), 'us-east').wait(MS_PER_DAY).run(finding(), 'us-east').run(finding(TTL), 'us-east');
    expect(said(story)).toHaveLength(2);
  });

  it('are not what one region alone sees, what is only told, or what makes a run fail', () => {
    const story = aStory();
    for (let round = 0; round < 5; round += 1)
      story
        .wait(30_000)
        .run(finding(TTL), 'us-east')
        .run(finding(GROWN, TOLD), 'us-west')
        .run(finding(TOLD), 'eu-west')
        .run((over) => aFailedRun({ ...over, dns: someEvidence([], {}, [BAD]) }), 'ap-south');
    expect(said(story)).toEqual([]);
  });

  it('are not those of a region that has fallen silent', () => {
    const story = aStory().run(finding(TTL), 'us-east').wait(MS_PER_HOUR);
    expect(said(story.run(finding(TTL), 'us-west'))).toEqual([]);
  });

  it('leave the state alone when nothing is new: a tick writes nothing', () => {
    const story = aStory().run(finding(TTL), 'us-east').run(finding(TTL), 'us-west');
    const { state } = story;
    expect(story.wait(1_000).tick().state).toBe(state);
  });
});
