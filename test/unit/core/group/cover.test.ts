import { describe, expect, it } from 'vitest';
import {
  coverOf,
  leadAnswer,
  LEAD_SILENT_MAX_MS,
  leadWakeMs,
  leaveWakeMs,
  memberNext,
  memberWakeMs,
  MEMBERS_MAX,
  NEVER_ASKED,
  withoutMember,
  type Asked,
  type LeadAnswer,
} from '#core/group/cover.ts';
import type { Incident } from '#core/incident.ts';
import { newLedger } from '#core/ledger.ts';
import { beginAttempt, endAttempt, type Delivery } from '#core/delivery.ts';
import {
  coveredFor,
  deliveriesOf,
  dueDeliveries,
  GROUP_ANSWER_MS,
  grouped,
  outboxWakeMs,
} from '#core/outbox.ts';
import { FALLBACK_AFTER_MS, followUps } from '#core/follow-ups.ts';
import type { GroupedCheck } from '#core/page.ts';
import { outboxPolicyOf } from '#core/policy.ts';
import { aPage, aPolicy, SOME_TRAITS } from '#test/fixtures/builders.ts';
import { Prng } from '#test/sim/prng.ts';

const NOW = 1_800_000_000_000;
const POLICY = outboxPolicyOf(
  aPolicy({ channels: ['oncall', 'chat'] }, { fallback: ['second'], escalation: ['second'] }),
);
const PAGED = [{ seq: 1, isOver: false }];

function heldPage(): Delivery[] {
  return deliveriesOf(aPage({ decidedAtMs: NOW }), POLICY, [], NOW, GROUP_ANSWER_MS);
}

function anIncident(over: Partial<Incident> = {}): Incident {
  return {
    seq: 1,
    status: 'open',
    rule: 'unanimous',
    ledger: newLedger(NOW, 0, NOW),
    successes: {},
    ...over,
  };
}

function aMember(check: string, seq = 1): GroupedCheck {
  return { check, title: check, seq, incidentUrl: `https://latchkey.example/${check}` };
}

function accepted(delivery: Delivery, atMs = NOW): Delivery {
  return endAttempt(beginAttempt(delivery, atMs), { ok: true }, atMs);
}

/**
 * A member as its object lives it, with a lead and a group that may say anything at any time, or nothing. Returns when its
 * own page was first attempted, or that it never was.
 */
function liveThrough(
  answers: () => LeadAnswer | undefined,
  joined: { atMs: number; lead: string | undefined },
  untilMs: number,
): { pagedMs: number | undefined; toldMs: number | undefined } {
  let deliveries = heldPage();
  let lead: string | undefined;
  let asked: Asked = NEVER_ASKED;
  let toldMs: number | undefined;
  let nowMs = NOW;
  let isGrouped = false;
  while (nowMs <= NOW + untilMs) {
    if (!isGrouped && nowMs >= joined.atMs) {
      isGrouped = true;
      if (deliveries.every(({ attempts }) => attempts === 0)) {
        lead = joined.lead;
        deliveries = deliveries.map((delivery) => grouped(delivery, joined.lead, nowMs));
        asked = { askedAtMs: nowMs, answeredAtMs: nowMs };
      }
    }
    const wakeMs = memberWakeMs(anIncident({ lead }), deliveries, asked, nowMs);
    if (wakeMs !== undefined && wakeMs <= nowMs) {
      asked = { ...asked, askedAtMs: nowMs };
      const answer = answers();
      if (answer) asked = { ...asked, answeredAtMs: nowMs };
      const next = memberNext(answer, coverOf(deliveries), asked, nowMs);
      if (answer?.state === 'told') toldMs = nowMs;
      if (next === 'cover') deliveries = deliveries.map(coveredFor);
      if (next === 'page') {
        lead = undefined;
        deliveries = deliveries.map((delivery) => grouped(delivery, undefined, nowMs));
      }
    }
    if (dueDeliveries(deliveries, nowMs).length > 0) return { pagedMs: nowMs - NOW, toldMs };
    const times = [
      isGrouped ? undefined : joined.atMs,
      memberWakeMs(anIncident({ lead }), deliveries, asked, nowMs),
      outboxWakeMs(deliveries, POLICY, PAGED, nowMs),
    ].filter((time) => time !== undefined);
    if (times.length === 0) break;
    nowMs = Math.max(nowMs + 1, Math.min(...times));
  }
  return { pagedMs: undefined, toldMs: toldMs === undefined ? undefined : toldMs - NOW };
}

describe('a member', () => {
  it('pages by itself within its second when its group does not answer', () => {
    const never = { atMs: Number.POSITIVE_INFINITY, lead: 'login:1' };
    expect(liveThrough(() => undefined, never, 60_000).pagedMs).toBe(GROUP_ANSWER_MS);
  });

  it('pages at once when nobody speaks for it', () => {
    expect(liveThrough(() => undefined, { atMs: NOW + 7, lead: undefined }, 60_000).pagedMs).toBe(7);
  });

  it.each<[string, LeadAnswer | undefined]>([
    ['is not accepted', { state: 'open' }],
    ['is nowhere to be heard of', undefined],
  ])('pages by itself when after eight seconds its lead’s page %s', (_what, answer) => {
    const { pagedMs } = liveThrough(() => answer, { atMs: NOW + 5, lead: 'login:1' }, 60_000);
    expect(pagedMs).toBe(5 + FALLBACK_AFTER_MS);
  });

  it('does not page while its lead’s page is accepted, for an hour', () => {
    const lived = liveThrough(() => ({ state: 'told' }), { atMs: NOW + 5, lead: 'login:1' }, 3_600_000);
    expect(lived.pagedMs).toBeUndefined();
    expect(lived.toldMs).toBeGreaterThan(3_500_000);
  });

  it('is never left without a page by whatever is said, lost or late', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const prng = new Prng(seed, 'cover');
      const share = prng.next();
      // From some moment on the lead is gone for good, in one way or another.
      const goneAfter = prng.int(0, 12);
      const isSilent = prng.chance(0.5);
      let questions = 0;
      const answers = (): LeadAnswer | undefined => {
        questions += 1;
        if (questions > goneAfter) return isSilent ? undefined : { state: 'over' };
        if (prng.chance(share)) return { state: 'told' };
        return prng.chance(0.5) ? undefined : { state: prng.pick(['open', 'open', 'told', 'over']) };
      };
      const joined = { atMs: NOW + prng.int(0, 1_500), lead: prng.chance(0.9) ? 'login:1' : undefined };
      const { pagedMs, toldMs } = liveThrough(answers, joined, 3_600_000);
      expect(pagedMs, `seed ${seed}`).toBeDefined();
      const deadlineMs =
        toldMs === undefined
          ? GROUP_ANSWER_MS + FALLBACK_AFTER_MS
          : toldMs - NOW + LEAD_SILENT_MAX_MS + 60_000;
      expect(pagedMs, `seed ${seed}`).toBeLessThanOrEqual(deadlineMs);
    }
  });

  it('wakes neither fallback nor escalation while it is covered, and both in their time when its cover ends', () => {
    const covered = heldPage()
      .map((delivery) => grouped(delivery, 'login:1', NOW))
      .map(coveredFor);
    expect(covered).toMatchObject([
      { state: 'superseded', lastError: 'told by login:1' },
      { state: 'superseded', lastError: 'told by login:1' },
    ]);
    const later = NOW + 3_600_000;
    expect(followUps(covered, POLICY, PAGED, later)).toEqual([]);
    const revived = covered.map((delivery) => grouped(delivery, undefined, later));
    expect(dueDeliveries(revived, later)).toEqual(revived);
    expect(followUps(revived, POLICY, PAGED, later)).toEqual([]);
    expect(followUps(revived, POLICY, PAGED, later + FALLBACK_AFTER_MS)).toMatchObject([
      { channel: 'second', role: 'fallback' },
    ]);
  });

  it('tells its lead that it is over, again and again until that has heard it', () => {
    const over = anIncident({ status: 'resolved', lead: 'login:1', resolvedAtMs: NOW });
    expect(leaveWakeMs(over, NEVER_ASKED, NOW)).toBe(NOW);
    expect(leaveWakeMs(over, { askedAtMs: NOW, answeredAtMs: 0 }, NOW)).toBe(NOW + 30_000);
    expect(leaveWakeMs(over, { askedAtMs: NOW, answeredAtMs: NOW }, NOW)).toBeUndefined();
    expect(leaveWakeMs(over, NEVER_ASKED, NOW + 86_400_000)).toBeUndefined();
    expect(leaveWakeMs(anIncident({ lead: 'login:1' }), NEVER_ASKED, NOW)).toBeUndefined();
  });
});

describe('a lead', () => {
  const ask = (
    incident: Incident | undefined,
    triggers: Delivery[] = heldPage(),
    member = aMember('launch'),
  ) => leadAnswer(incident, member, triggers, SOME_TRAITS).state;

  it('takes on members while it fails, and keeps them until it is over', () => {
    expect(ask(anIncident())).toBe('open');
    expect(ask(anIncident({ status: 'recovered' }))).toBe('over');
    expect(ask(anIncident({ status: 'recovered', checks: [aMember('launch')] }))).toBe('open');
    expect(ask(anIncident({ status: 'resolved', checks: [aMember('launch')] }))).toBe('over');
    expect(ask(undefined)).toBe('over');
  });

  it('speaks for nobody while its own page is held or told by another', () => {
    expect(ask(anIncident({ held: true }))).toBe('over');
    expect(ask(anIncident({ lead: 'other:1' }))).toBe('over');
  });

  it('has told its members once a channel that wakes has accepted, or somebody has it', () => {
    const [pager, chat] = heldPage();
    if (!pager || !chat) throw new Error('expected two deliveries');
    expect(ask(anIncident(), [pager, accepted(chat)])).toBe('open');
    expect(ask(anIncident(), [accepted(pager), chat])).toBe('told');
    expect(ask(anIncident(), [accepted(chat)])).toBe('told');
    const acknowledged = { atMs: NOW, by: 'ada', via: 'operator' };
    expect(leadAnswer(anIncident({ acknowledged }), aMember('launch'), [pager], SOME_TRAITS)).toMatchObject({
      state: 'told',
      acknowledged: { by: 'ada', via: 'operator' },
    });
  });

  it('takes on so many and no more', () => {
    const checks = Array.from({ length: MEMBERS_MAX }, (_, index) => aMember(`check-${index}`));
    expect(ask(anIncident({ checks }))).toBe('over');
    expect(ask(anIncident({ checks }), heldPage(), aMember('check-7'))).toBe('open');
  });

  it('asks its members only when they alone keep its page open, and not more than twice a minute', () => {
    const checks = [aMember('launch')];
    expect(leadWakeMs(anIncident({ checks }), NEVER_ASKED, NOW)).toBeUndefined();
    expect(leadWakeMs(anIncident({ status: 'recovered', checks: [] }), NEVER_ASKED, NOW)).toBeUndefined();
    const waiting = anIncident({ status: 'recovered', checks });
    expect(leadWakeMs(waiting, NEVER_ASKED, NOW)).toBeLessThanOrEqual(NOW);
    expect(leadWakeMs(waiting, { askedAtMs: NOW, answeredAtMs: NOW }, NOW)).toBe(NOW + 30_000);
    expect(leadWakeMs(waiting, { askedAtMs: NOW + 3_600_000, answeredAtMs: NOW }, NOW)).toBe(NOW);
  });

  it('loses the member that left, and nothing by one that never was', () => {
    const checks = [aMember('launch'), aMember('profile', 2)];
    expect(withoutMember(checks, { check: 'profile', seq: 2 })).toEqual([aMember('launch')]);
    expect(withoutMember(checks, { check: 'profile', seq: 1 })).toBe(checks);
  });
});
