import { describe, expect, it } from 'vitest';
import { newLedger, slowestLeg, stampAcknowledged, timeToPageMs, type Ledger } from '#core/ledger.ts';
import { aFailedRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

function aLedger(over: Partial<Ledger> = {}): Ledger {
  return {
    firstFailedStartMs: 1_000,
    runEndMs: 21_000,
    receivedMs: 21_400,
    burstAskedMs: 21_400,
    decidedMs: 30_000,
    sentMs: 30_020,
    acceptedMs: 30_700,
    ...over,
  };
}

describe('ledger', () => {
  it('stamps every leg once, in order', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000)
      .allFail()
      .run(aFailedRun, 'us-east');
    story.wait(5).apply({ type: 'sent', nowMs: story.nowMs, seq: 1 });
    story.wait(40).accept(1, 'oncall', 'p1').wait(10).accept(1, 'other').wait(10).acknowledge(1, 'Ada');
    story.wait(10).apply({ type: 'sent', nowMs: story.nowMs, seq: 1 });
    const ledger = story.state.incident?.ledger;
    expect(ledger).toMatchObject({ acceptedBy: 'oncall', providerId: 'p1', acknowledgedBy: 'Ada' });
    const stamps = [
      ledger?.firstFailedStartMs,
      ledger?.runEndMs,
      ledger?.receivedMs,
      ledger?.burstAskedMs,
      ledger?.decidedMs,
      ledger?.sentMs,
      ledger?.acceptedMs,
      ledger?.acknowledgedMs,
    ].map((stamp) => stamp ?? Number.NaN);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
    expect(stamps.slice(-3)).toEqual([story.nowMs - 70, story.nowMs - 30, story.nowMs - 10]);
  });

  it('ignores what is said of another incident', () => {
    const story = new Story().page();
    const before = story.state;
    story.accept(7).acknowledge(0, 'Ada').apply({ type: 'sent', nowMs: story.nowMs, seq: 2 });
    expect(story.state).toEqual(before);
  });

  it('begins with a run that ended no later than it was received', () => {
    expect(newLedger(1_000, 20_000.4, 21_400)).toEqual({
      firstFailedStartMs: 1_000,
      runEndMs: 21_000,
      receivedMs: 21_400,
    });
    expect(newLedger(1_000, 30_000, 21_400).runEndMs).toBe(21_400);
  });

  it('measures the time to page from the first failed start to the acceptance', () => {
    expect(timeToPageMs(aLedger())).toBe(29_700);
    expect(timeToPageMs(aLedger({ acceptedMs: undefined }))).toBeUndefined();
  });

  it('has no time to page when a maintenance window held it', () => {
    expect(timeToPageMs(aLedger({ heldUntilMs: 30_000 }))).toBeUndefined();
  });

  it('names the slowest of the legs that are over', () => {
    expect(slowestLeg(aLedger())).toEqual({ name: 'first failed run', durationMs: 20_000 });
    expect(slowestLeg(aLedger({ firstFailedStartMs: 20_000 }))).toEqual({
      name: 'confirmation',
      durationMs: 8_600,
    });
    expect(slowestLeg(aLedger({ decidedMs: undefined, sentMs: undefined, runEndMs: 1_100 }))).toEqual({
      name: 'result on its way',
      durationMs: 20_300,
    });
  });

  it('keeps the first acknowledgement', () => {
    const first = stampAcknowledged(aLedger(), 40_000, 'Ada');
    expect(stampAcknowledged(first, 50_000, 'Ben')).toBe(first);
  });
});
