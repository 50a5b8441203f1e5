import { describe, expect, it } from 'vitest';
import { isFlapping } from '#core/flapping.ts';
import { aFailedRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

/**
 * Nagios: of 21 outcomes, oldest first, each of the 20 changes weighs 0.8 to 1.2 by its place, and the sum is a share of 20:
 * weight of place k (1 to 20) = 0.8 + 0.4 × (k − 1) / 19.
 */
const STEADY = 'p'.repeat(21);

/** 21 outcomes that change at the given places, 1 being between the oldest two and 20 between the newest two. */
function changingAt(places: number[]): string {
  let letter = 'p';
  let recent = letter;
  for (let place = 1; place <= 20; place++) {
    if (places.includes(place)) letter = letter === 'p' ? 'f' : 'p';
    recent += letter;
  }
  return recent;
}

/** All regions see the check go down and come back, over and over, this far apart. */
function flipped(story: Story, apartMs: number): Story {
  for (let count = 0; count < 8; count++) {
    for (const region of FOUR_REGIONS) story.run(count % 2 ? aRun : aFailedRun, region);
    story.wait(apartMs);
  }
  return story;
}

describe('flapping', () => {
  it.each([
    // 0.8 + … at places 1–7: 7 × 0.8 + 0.4 × 21 / 19 = 6.0421 of 20 = 30.2 %.
    { places: [1, 2, 3, 4, 5, 6, 7], share: '30.2 %', begins: true, goesOn: true },
    // Places 1–6: 4.8 + 0.4 × 15 / 19 = 5.1158 = 25.6 %.
    { places: [1, 2, 3, 4, 5, 6], share: '25.6 %', begins: false, goesOn: true },
    // Places 16–20: 4 + 0.4 × 85 / 19 = 5.7895 = 28.9 %.
    { places: [16, 17, 18, 19, 20], share: '28.9 %', begins: false, goesOn: true },
    // Places 15–20: 4.8 + 0.4 × 99 / 19 = 6.8842 = 34.4 %.
    { places: [15, 16, 17, 18, 19, 20], share: '34.4 %', begins: true, goesOn: true },
    // Places 1–4: 3.2 + 0.4 × 6 / 19 = 3.3263 = 16.6 %.
    { places: [1, 2, 3, 4], share: '16.6 %', begins: false, goesOn: false },
    // Places 17–20: 3.2 + 0.4 × 70 / 19 = 4.6737 = 23.4 %.
    { places: [17, 18, 19, 20], share: '23.4 %', begins: false, goesOn: true },
    // Places 18–20: 2.4 + 0.4 × 54 / 19 = 3.5368 = 17.7 %.
    { places: [18, 19, 20], share: '17.7 %', begins: false, goesOn: false },
    // Places 10–13: 3.2 + 0.4 × 42 / 19 = 4.0842 = 20.4 %.
    { places: [10, 11, 12, 13], share: '20.4 %', begins: false, goesOn: true },
    // Places 5, 8, 10, 12: 3.2 + 0.4 × 31 / 19 = 3.8526 = 19.3 %.
    { places: [5, 8, 10, 12], share: '19.3 %', begins: false, goesOn: false },
    { places: [], share: '0 %', begins: false, goesOn: false },
  ])('at $share of weighted changes begins: $begins, goes on: $goesOn', ({ places, begins, goesOn }) => {
    expect(isFlapping(changingAt(places), false)).toBe(begins);
    expect(isFlapping(changingAt(places), true)).toBe(goesOn);
  });

  it('of a steady check is none', () => {
    expect([STEADY, 'f'.repeat(21), '', 'p'].map((recent) => isFlapping(recent, true))).toEqual(
      Array(4).fill(false),
    );
  });

  it('weighs the newest outcomes of a check that has just begun like those of any', () => {
    // Five changes at the newest places are 28.9 %, six 34.4 %, however few outcomes there are.
    expect(isFlapping('pfpfpf', false)).toBe(false);
    expect(isFlapping('pfpfpfp', false)).toBe(true);
  });

  it('never suppresses a first page', () => {
    const story = flipped(new Story().allPass().alive(...FOUR_REGIONS), 70_000);
    expect(story.state.flapping).toBe(true);
    expect(story.told).toEqual([]);
    story.allPass().allPass().allPass().fail();
    expect(story.told).toEqual(['trigger portal-login:1']);
    expect(story.pages[0]?.flapping).toBe(true);
  });

  it('is not said of a check that only one region sees come and go', () => {
    const story = new Story().allPass();
    for (let count = 0; count < 12; count++) {
      story
        .run(count % 2 ? aRun : aFailedRun, 'us-east')
        .run(aRun, 'us-west')
        .run(aRun, 'eu-west')
        .wait(30_000);
    }
    expect(story.state.flapping).toBe(false);
  });

  it('is not said of a check that goes down once', () => {
    const story = new Story().passRounds(6).page();
    expect(story.state.flapping).toBe(false);
    expect(story.pages[0]).not.toHaveProperty('flapping');
  });

  it('holds the incident twice as long before it is over, and asks to be woken then', () => {
    const story = new Story(aPolicy({}, { clearAfterMs: 1_000, resolveAfterMs: 20_000 })).page();
    flipped(story, 500);
    expect(story.state.flapping).toBe(true);
    story.allPass().allPass();
    expect(story.state).toMatchObject({ flapping: true, incident: { status: 'recovered' } });
    const cleanSinceMs = story.incident?.cleanSinceMs ?? 0;
    expect(story.nowMs + (story.wakeInMs ?? 0)).toBe(cleanSinceMs + 40_000);
    story.nowMs = cleanSinceMs + 39_999;
    expect(story.tick().told).toHaveLength(1);
    story.wait(1).tick();
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
  });

  it('ends when the check has been steady long enough', () => {
    const story = flipped(new Story().allPass(), 70_000);
    story.allPass().allPass().allPass();
    expect(story.state.flapping).toBe(true);
    story.passRounds(16);
    expect(story.state.flapping).toBe(false);
  });
});
