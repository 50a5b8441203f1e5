import { describe, expect, it } from 'vitest';
import { aFailedRun, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

function calm(): Story {
  return new Story()
    .passRounds(3)
    .alive(...FOUR_REGIONS)
    .wait(60_000);
}

/** What was adopted and what was sent, as `adopt portal-login:1`, `resolve portal-login:1`. */
function acts(story: Story): string[] {
  return story.effects.flatMap(({ effect }) => {
    if (effect.type === 'burst') return [];
    return [`${effect.type === 'adopt' ? 'adopt' : effect.page.event} ${effect.page.dedupKey}`];
  });
}

describe('a page that a probe has sent by itself', () => {
  it('becomes the hub’s incident, with its number, its cause and its times', () => {
    const story = calm().brokeGlass();
    expect(acts(story)).toEqual(['adopt portal-login:1']);
    expect(story.state.lastSeq).toBe(1);
    expect(story.incident).toMatchObject({
      seq: 1,
      rule: 'break-glass',
      status: 'open',
      cause: { region: 'us-east', failure: { class: 'connect' } },
      ledger: {
        firstFailedStartMs: story.nowMs - 60_000,
        decidedMs: story.nowMs - 20_000,
        acceptedMs: story.nowMs - 19_000,
        acceptedBy: 'oncall',
      },
    });
  });

  it('is adopted with all that follows it needs: key, reason, channel, receipt', () => {
    const story = calm().brokeGlass({ channel: 'phone', providerId: 'p', receipt: 'r' });
    expect(story.effects.at(-1)?.effect).toMatchObject({
      type: 'adopt',
      page: { event: 'trigger', dedupKey: 'portal-login:1', reason: 'break-glass', seq: 1 },
      glass: { channel: 'phone', providerId: 'p', receipt: 'r' },
    });
  });

  it('is the only one: what the hub sees later is the same incident', () => {
    const story = calm().brokeGlass().fail();
    expect(acts(story)).toEqual(['adopt portal-login:1']);
    story.passRounds(12).tick();
    expect(acts(story)).toEqual(['adopt portal-login:1', 'resolve portal-login:1']);
    expect(story.state.lastSeq).toBe(1);
  });

  it('of an outage that is over already when the hub hears of it is resolved like any other', () => {
    const story = calm().brokeGlass().passRounds(12).tick();
    expect(acts(story)).toEqual(['adopt portal-login:1', 'resolve portal-login:1']);
    story.fail();
    expect(story.told.at(-1)).toBe('trigger portal-login:2');
  });

  it('takes over a suspicion: the same failures do not page once more', () => {
    const story = calm().allFail().brokeGlass().run(aFailedRun, 'us-east').run(aFailedRun, 'us-west');
    expect(acts(story)).toEqual(['adopt portal-login:1']);
    expect(story.state).toMatchObject({ suspicion: undefined, burst: undefined });
  });

  it('that two probes have sent is one incident, accepted when the first was', () => {
    const story = calm();
    const seq = 1;
    story.brokeGlass({ seq, channel: 'oncall' }).wait(3_000);
    story.brokeGlass({ seq, region: 'us-west', channel: 'phone' });
    expect(acts(story)).toEqual(['adopt portal-login:1', 'adopt portal-login:1']);
    expect(story.incident).toMatchObject({
      seq: 1,
      cause: { region: 'us-east' },
      ledger: { acceptedBy: 'oncall', acceptedMs: story.nowMs - 22_000 },
    });
    expect(story.state.lastSeq).toBe(1);
  });

  it('and told twice changes nothing the second time', () => {
    const story = calm();
    story.brokeGlass({ seq: 1 });
    const before = story.state;
    story.brokeGlass({ seq: 1 });
    expect(story.state).toEqual(before);
  });

  it('for an incident that the hub had opened itself adds its acceptance', () => {
    const story = calm().fail();
    expect(story.incident?.ledger.acceptedMs).toBeUndefined();
    story.brokeGlass({ seq: 1, channel: 'phone' });
    expect(story.incident).toMatchObject({ rule: 'unanimous', ledger: { acceptedBy: 'phone' } });
    expect(acts(story)).toEqual(['trigger portal-login:1', 'adopt portal-login:1']);
  });

  it('and misnumbered while another incident is open is closed, and its number never used again', () => {
    const story = calm().fail();
    story.brokeGlass({ seq: 2 });
    expect(acts(story)).toEqual(['trigger portal-login:1', 'adopt portal-login:2', 'resolve portal-login:2']);
    expect(story.incident).toMatchObject({ seq: 1, rule: 'unanimous' });
    story.passRounds(12).fail();
    expect(story.told.at(-1)).toBe('trigger portal-login:3');
  });

  it('under the number of an incident that is over is closed at the provider too', () => {
    const story = calm().fail().passRounds(12).tick();
    expect(story.told.at(-1)).toBe('resolve portal-login:1');
    story.brokeGlass({ seq: 1, channel: 'phone' });
    expect(acts(story).slice(-2)).toEqual(['adopt portal-login:1', 'resolve portal-login:1']);
    expect(story.incident).toBeUndefined();
    expect(story.state.lastSeq).toBe(1);
  });

  it('that skipped a number is taken in under its own', () => {
    const story = calm().brokeGlass({ seq: 5 });
    expect(story.incident?.seq).toBe(5);
    story.passRounds(12).fail();
    expect(story.told.at(-1)).toBe('trigger portal-login:6');
  });

  it('is acknowledged like any other', () => {
    const story = calm().brokeGlass().acknowledge(1, 'Ada', 'oncall');
    expect(story.incident?.acknowledged).toMatchObject({ by: 'Ada', via: 'oncall' });
  });

  it('does not resolve by late runs: what its probes had in the spool is history', () => {
    const story = calm().brokeGlass();
    for (let count = 0; count < 10; count++)
      for (const region of FOUR_REGIONS) story.run(aRun, region, { agoMs: 60_000 });
    expect(story.incident).toMatchObject({ status: 'open', successes: {} });
  });
});
