import { describe, expect, it } from 'vitest';
import type { Incident } from '#core/incident.ts';
import type { Ledger } from '#core/ledger.ts';
import { ledgerView, type LedgerStage } from '#dashboards/operator/ledger.ts';

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

function view(changes: Partial<Ledger>, nowMs = START + 60_000, more: Partial<Incident> = {}) {
  const seen = ledgerView({ ledger: { ...whole, ...changes }, status: 'open', ...more }, nowMs);
  return { ...seen, leg: (stage: LedgerStage) => seen.legs.find((leg) => leg.stage === stage) };
}

describe('the ledger of a page', () => {
  it('tells what each leg took, which was the slowest, and the whole', () => {
    const seen = view({});
    expect(seen.legs.map((leg) => [leg.stage, leg.tookMs])).toEqual([
      ['firstFailedStart', undefined],
      ['runEnd', 20_000],
      ['received', 150],
      ['burstAsked', undefined],
      ['decided', 26_850],
      ['sent', 90],
      ['accepted', 510],
      ['acknowledged', undefined],
    ]);
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
    const seen = view({ sentMs: undefined });
    expect(seen.leg('sent')).toMatchObject({ status: 'skipped' });
    expect(seen.leg('accepted')?.tookMs).toBe(600);
  });

  it('shows what happened inside a leg where it happened, and only if it did', () => {
    expect(view({ burstAskedMs: undefined }).leg('burstAsked')).toBeUndefined();
    const early = view({ overdueMs: START + 8_050, burstAskedMs: START + 8_060 });
    expect(early.legs.slice(0, 4).map(({ stage }) => stage)).toEqual([
      'firstFailedStart',
      'overdue',
      'burstAsked',
      'runEnd',
    ]);
    // A burst may be older than the failure the page counts from.
    expect(view({ burstAskedMs: START - 30_000 }).legs[1]?.stage).toBe('burstAsked');
    expect(view({ burstAskedMs: START - 30_000 }).leg('decided')?.tookMs).toBe(26_850);
  });

  it('waits for somebody to acknowledge, which is no leg of the page', () => {
    const waiting = view({}, START + 300_000);
    expect(waiting.leg('acknowledged')).toMatchObject({
      status: 'waiting',
      waitingMs: 252_400,
      slowest: false,
    });
    expect(waiting.slowestStage).toBe('decided');
    const taken = view({ acknowledgedMs: START + 200_000, acknowledgedBy: 'Ada' });
    expect(taken.leg('acknowledged')).toMatchObject({ status: 'done', tookMs: 152_400, slowest: false });
    expect(taken.acknowledgedBy).toBe('Ada');
  });

  it('neither counts nor waits while a maintenance window holds the page', () => {
    const unsent = { sentMs: undefined, acceptedMs: undefined, heldUntilMs: START + 900_000 };
    const held = view(unsent, START + 600_000, { held: true });
    expect(held).toMatchObject({ held: true, withinObjective: true, timeToPageMs: undefined });
    expect(held.unpagedMs).toBeUndefined();
    expect(held.legs.map(({ status }) => status)).not.toContain('waiting');
    const released = view({ heldUntilMs: START + 900_000, acceptedMs: START + 901_000 });
    expect(released).toMatchObject({ held: false, withinObjective: true, timeToPageMs: undefined });
  });

  it('does not wait for a page of its own while another one speaks for it', () => {
    const unsent = { sentMs: undefined, acceptedMs: undefined };
    const covered = view(unsent, START + 600_000, { lead: 'portal-login:4' });
    expect(covered).toMatchObject({ covered: true, withinObjective: true });
    expect(covered.unpagedMs).toBeUndefined();
    expect(view({}, START + 60_000, { lead: 'portal-login:4' })).toMatchObject({ covered: false });
  });

  it('waits for nothing once the incident is over, and does not call that a page in time', () => {
    const seen = view({ acceptedMs: undefined }, START + 900_000, { status: 'resolved' });
    expect(seen.leg('accepted')).toMatchObject({ status: 'ahead' });
    expect(seen).toMatchObject({ unpagedMs: undefined, withinObjective: false });
  });
});
