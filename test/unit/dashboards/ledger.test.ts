import { describe, expect, it } from 'vitest';
import type { Ledger } from '#core/ledger.ts';
import { LEDGER_STAGES, ledgerView, type LedgerStage } from '#dashboards/operator/ledger.ts';

const START = 1_000_000;

const whole: Ledger = {
  firstFailedStartMs: START,
  runEndMs: START + 20_000,
  receivedMs: START + 20_150,
  burstAskedMs: START + 20_150,
  decidedMs: START + 47_000,
  sentMs: START + 47_090,
  acceptedMs: START + 47_600,
  acceptedBy: 'oncall',
  providerId: 'Q1',
};

function view(changes: Partial<Ledger>, nowMs = START + 60_000, status: 'open' | 'resolved' = 'open') {
  const seen = ledgerView({ ledger: { ...whole, ...changes }, status }, nowMs);
  return { ...seen, leg: (stage: LedgerStage) => seen.legs[LEDGER_STAGES.indexOf(stage)] };
}

describe('the ledger of a page', () => {
  it('tells what each leg took, which was the slowest, and the whole', () => {
    const seen = view({});
    expect(seen.legs.map((leg) => leg.tookMs)).toEqual([undefined, 20_000, 150, 0, 26_850, 90, 510]);
    expect(seen.slowestStage).toBe('decided');
    expect(seen.legs.filter((leg) => leg.slowest)).toHaveLength(1);
    expect(seen).toMatchObject({ timeToPageMs: 47_600, withinObjective: true, acceptedBy: 'oncall' });
    expect(seen.unpagedMs).toBeUndefined();
  });

  it('waits at the first stage that has not come, and counts that wait as a leg', () => {
    const seen = view({ sentMs: undefined, acceptedMs: undefined }, START + 90_000);
    expect(seen.leg('sent')).toMatchObject({ status: 'waiting', waitingMs: 43_000, slowest: true });
    expect(seen.leg('accepted')).toMatchObject({ status: 'ahead' });
    expect(seen).toMatchObject({ unpagedMs: 90_000, timeToPageMs: undefined, withinObjective: true });
  });

  it('says when two minutes have gone by without a page', () => {
    const unpaged = { sentMs: undefined, acceptedMs: undefined };
    expect(view(unpaged, START + 120_000).withinObjective).toBe(true);
    expect(view(unpaged, START + 120_001).withinObjective).toBe(false);
    expect(view({ acceptedMs: START + 120_001 }).withinObjective).toBe(false);
  });

  it('calls a stage skipped that a later one came without', () => {
    const seen = view({ burstAskedMs: undefined });
    expect(seen.leg('burstAsked')).toMatchObject({ status: 'skipped' });
    expect(seen.leg('decided')?.tookMs).toBe(26_850);
  });

  it('never shows a negative leg: a burst may be older than the failure the page counts from', () => {
    const seen = view({ burstAskedMs: START - 30_000 });
    expect(seen.leg('burstAsked')?.tookMs).toBe(0);
    expect(seen.leg('decided')?.tookMs).toBe(26_850);
  });

  it('waits for nothing once the incident is over, and does not call that a page in time', () => {
    const seen = view({ acceptedMs: undefined }, START + 900_000, 'resolved');
    expect(seen.leg('accepted')).toMatchObject({ status: 'ahead' });
    expect(seen).toMatchObject({ unpagedMs: undefined, withinObjective: false });
  });
});
