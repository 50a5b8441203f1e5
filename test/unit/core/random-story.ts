import type { Policy } from '#core/policy.ts';
import type { CheckEvent } from '#core/check-event.ts';
import { aFailedRun, anInvalidRun, aRun } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

/** Numbers in [0, 1) that follow from the seed alone (Numerical Recipes' linear congruence). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What may happen in a random story beside runs, and how likely each is. */
export type Chances = {
  invalid: number;
  control: number;
  late: number;
  twice: number;
  tick: number;
  liveness: number;
  overdue: number;
  word: number;
  glass: number;
  slow: number;
};

export const ORDINARY: Chances = {
  invalid: 0.05,
  control: 0.02,
  late: 0.02,
  twice: 0.02,
  tick: 0.05,
  liveness: 0.05,
  overdue: 0.05,
  word: 0.05,
  glass: 0,
  slow: 0,
};

/**
 * A story of `events` random events: fifty in which nine of ten runs fail, then fifty in which one of fifty does.
 * `afterEach` is told of every event when it has been applied.
 */
export function randomStory(
  policy: Policy,
  seed: number,
  events: number,
  chances: Chances,
  afterEach: (story: Story) => void = () => undefined,
): Story {
  const random = randomFrom(seed);
  const pick = <T>(values: readonly T[], otherwise: T): T =>
    values[Math.floor(random() * values.length)] ?? otherwise;
  const story = new Story(policy);
  const { regions } = policy.check;
  for (let count = 0; count < events; count++) {
    const region = pick(regions, 'us-east');
    const build = random() < (count % 100 < 50 ? 0.9 : 0.02) ? aFailedRun : aRun;
    const seq = Math.max(1, story.state.lastSeq - Math.floor(random() * 2));
    const happen: Record<keyof Chances, () => void> = {
      invalid: () => story.run(anInvalidRun, region),
      control: () =>
        story.run(aFailedRun, region, {
          control: { outcome: random() < 0.7 ? 'fail' : 'pass', durationMs: 9 },
        }),
      late: () => story.run(build, region, { agoMs: 50_001 + Math.floor(random() * 100_000) }),
      twice: () => story.run(build, region, { seq: 1 }),
      tick: () => story.tick(),
      liveness: () => story.alive(...regions.filter(() => random() < 0.8)),
      overdue: () => story.overdue(region, Math.floor(random() * 22_000)),
      word: () => story.apply(aWord(story, seq, random)),
      glass: () => story.brokeGlass({ seq: seq + Math.floor(random() * 3), region }),
      slow: () => story.run(aRun, region, { durationMs: 5_000 + Math.floor(random() * 5_000) }),
    };
    let roll = random();
    const kind = (Object.keys(chances) as (keyof Chances)[]).find((name) => (roll -= chances[name]) < 0);
    if (kind) happen[kind]();
    else story.run(build, region);
    afterEach(story);
    story.wait(Math.floor(random() * 4_000));
  }
  return story;
}

/** What the outbox or the group says of an incident. */
function aWord(story: Story, seq: number, random: () => number): CheckEvent {
  const { nowMs } = story;
  const roll = random();
  if (roll < 0.2) return { type: 'sent', nowMs, seq };
  if (roll < 0.5) return { type: 'accepted', nowMs, seq, channel: 'oncall', providerId: 'p' };
  if (roll < 0.6) return { type: 'acknowledged', nowMs, seq, by: 'Ada', via: 'operator' };
  if (roll < 0.7) return { type: 'grouped', nowMs, seq, lead: random() < 0.5 ? 'other:1' : undefined };
  const other = { check: 'other', title: 'Other', seq: 1, incidentUrl: 'https://latchkey.example/o' };
  return { type: 'members', nowMs, seq, checks: random() < 0.3 ? [other] : [] };
}
