import { expect, it } from 'vitest';
import type { ToldDrill } from '#core/network/drill.ts';
import { drillLines, drillReport } from '#probes/cli/drill-words.ts';

const DECIDED_MS = 1_800_000_000_000;

function aDrill(over: Partial<ToldDrill> = {}): ToldDrill {
  return {
    n: 7,
    by: 'operator',
    decidedMs: DECIDED_MS,
    channels: [
      { channel: 'oncall', attempts: 0 },
      { channel: 'chat', attempts: 0 },
    ],
    waitsForAcknowledgement: false,
    endsAtMs: DECIDED_MS + 60_000,
    ...over,
  };
}

const ACCEPTED = {
  channel: 'oncall',
  attempts: 2,
  sentMs: DECIDED_MS + 12,
  acceptedMs: DECIDED_MS + 1_400,
  providerId: 'abc',
};

function words(drill: ToldDrill): string[] {
  return [...drillLines(drill).values()];
}

it('says of a channel only what is certain', () => {
  expect(words(aDrill())).toEqual(['Drill 7 goes to oncall, chat.']);
  expect(
    words(aDrill({ channels: [ACCEPTED, { channel: 'chat', attempts: 1, error: 'answered 500' }] })),
  ).toEqual([
    'Drill 7 goes to oncall, chat.',
    '  oncall  accepted after 1.4 s (sent after 12 ms, 2 attempts, id abc)',
  ]);
});

it('says at the end who has not accepted, and why', () => {
  const drill = aDrill({
    channels: [ACCEPTED, { channel: 'chat', attempts: 9, error: 'answered 500' }],
    endedMs: DECIDED_MS + 60_000,
    passed: false,
  });
  expect(words(drill).slice(2)).toEqual([
    '  chat    not accepted within 1 min: answered 500',
    'Drill 7 failed: accepted by 1 of 2 channels, the slowest after 1.4 s.',
  ]);
  const refused = aDrill({
    channels: [{ channel: 'chat', attempts: 1, refused: true, error: 'answered 403' }],
  });
  expect(words(refused)).toContain('  chat  refused: answered 403');
});

it('does not call in time what was accepted after a minute', () => {
  const late = { ...ACCEPTED, acceptedMs: DECIDED_MS + 60_001 };
  const drill = aDrill({ channels: [late], endedMs: DECIDED_MS + 60_000, passed: false });
  expect(words(drill)[1]).toMatch(/accepted after 1 min, too late/);
  expect(drillReport(drill).channels[0]).toMatchObject({ accepted: false, acceptedAfterMs: 60_001 });
});

it('tells who has acknowledged, or that nobody has when that was waited for', () => {
  const acknowledged = { atMs: DECIDED_MS + 30_000, by: 'ada', via: 'oncall' };
  const taken = aDrill({ channels: [ACCEPTED], waitsForAcknowledgement: true, acknowledged, passed: true });
  expect(words(taken)).toContain('  acknowledged by ada (oncall) after 30.0 s');
  expect(drillReport(taken).acknowledged).toEqual({ by: 'ada', via: 'oncall', afterMs: 30_000 });
  const open = aDrill({ channels: [ACCEPTED], waitsForAcknowledgement: true, passed: false });
  expect(words(open)).toContain('  acknowledged by nobody');
});

it('reports in milliseconds since the decision, and leaves out what is not known', () => {
  const drill = aDrill({ channels: [ACCEPTED, { channel: 'chat', attempts: 0 }], passed: false });
  expect(drillReport(drill)).toEqual({
    drill: 7,
    passed: false,
    decidedAtMs: DECIDED_MS,
    channels: [
      {
        channel: 'oncall',
        accepted: true,
        attempts: 2,
        sentAfterMs: 12,
        acceptedAfterMs: 1_400,
        providerId: 'abc',
      },
      { channel: 'chat', accepted: false, attempts: 0 },
    ],
  });
});
