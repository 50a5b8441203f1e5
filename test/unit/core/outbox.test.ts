import { describe, expect, it } from 'vitest';
import {
  beginAttempt,
  DELIVERY_AGE_MAX_MS,
  endAttempt,
  isSettled,
  LEASE_MS,
  newDelivery,
  type Delivery,
} from '#core/delivery.ts';
import { coveredFor, dueDeliveries, grouped, outboxWakeMs, overtaken } from '#core/outbox.ts';
import { FALLBACK_AFTER_MS } from '#core/follow-ups.ts';
import { aPage } from '#test/fixtures/builders.ts';
import { ACCEPTED, aRoutes, FAILED, Mailbox, REFUSED, TRAITS } from './mailbox.ts';

const NOW = 1_800_000_000_000;
const POLICY = { routes: aRoutes({ notice: ['chat'] }), escalateAfterMs: 300_000 };

function aDelivery(over: Partial<Delivery> = {}, event: Delivery['event'] = 'trigger'): Delivery {
  return { ...newDelivery(aPage({ event }), 'oncall', 'page', TRAITS.oncall, NOW), ...over };
}

function failed(delivery: Delivery, atMs: number, retryAfterMs?: number): Delivery {
  const begun = beginAttempt(delivery, atMs);
  return endAttempt(begun, { ok: false, verdict: 'retry', error: 'HTTP 500', retryAfterMs }, atMs);
}

function wakeMs(deliveries: Delivery[], nowMs: number): number | undefined {
  return outboxWakeMs(deliveries, POLICY, [], nowMs);
}

describe('an attempt', () => {
  it('is made at once of a new delivery', () => {
    const delivery = aDelivery();
    expect(delivery.id).toBe('portal-login:1:trigger:oncall');
    expect(dueDeliveries([delivery], NOW)).toEqual([delivery]);
  });

  it('under way is left alone until its lease is over, and then made again', () => {
    const flying = beginAttempt(aDelivery(), NOW);
    expect(flying).toMatchObject({ state: 'in-flight', attempts: 1 });
    expect(dueDeliveries([flying], NOW + LEASE_MS - 1)).toEqual([]);
    expect(dueDeliveries([flying], NOW + LEASE_MS)).toEqual([flying]);
    expect(wakeMs([flying], NOW)).toBe(NOW + LEASE_MS);
  });

  it('that failed is made again after 1, 2, 4, 8, 15 and then every 30 s', () => {
    let delivery = aDelivery();
    const pausesS: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      delivery = failed(delivery, NOW);
      expect(wakeMs([delivery], NOW)).toBe(delivery.dueAtMs);
      pausesS.push((delivery.dueAtMs - NOW) / 1_000);
    }
    expect(pausesS).toEqual([1, 2, 4, 8, 15, 30, 30, 30]);
  });

  it('honours Retry-After, but never waits for longer than 30 s', () => {
    const delivery = aDelivery();
    expect(failed(delivery, NOW, 7_000).dueAtMs).toBe(NOW + 7_000);
    expect(failed(delivery, NOW, 3_600_000).dueAtMs).toBe(NOW + 30_000);
    expect(failed(delivery, NOW, 10).dueAtMs).toBe(NOW + 1_000);
  });

  it('that was refused ends the delivery dead, with the reason', () => {
    const dead = endAttempt(beginAttempt(aDelivery(), NOW), REFUSED, NOW);
    expect(dead).toMatchObject({ state: 'dead', lastError: 'HTTP 400 invalid event', refused: true });
    expect(isSettled(dead)).toBe(true);
    expect(wakeMs([dead], NOW)).toBeUndefined();
  });

  it('that failed is made again for a day, and not for longer', () => {
    const delivery = aDelivery();
    expect(failed(delivery, NOW + DELIVERY_AGE_MAX_MS).state).toBe('pending');
    const dead = failed(delivery, NOW + DELIVERY_AGE_MAX_MS + 1);
    expect(dead).toMatchObject({ state: 'dead', lastError: 'gave up after 24 h: HTTP 500' });
  });

  it('that was accepted keeps the provider’s id, its receipt, and when', () => {
    const result = { ok: true, providerId: 'p', receipt: 'r' } as const;
    expect(endAttempt(beginAttempt(aDelivery(), NOW), result, NOW + 40)).toMatchObject({
      state: 'accepted',
      providerId: 'p',
      receipt: 'r',
      acceptedAtMs: NOW + 40,
    });
  });

  it('keeps only the head of an endless error', () => {
    const error = 'x'.repeat(10_000);
    const delivery = endAttempt(beginAttempt(aDelivery(), NOW), { ok: false, verdict: 'retry', error }, NOW);
    expect(delivery.lastError).toHaveLength(500);
  });

  it('does not wait for the time that a clock, since set back, has promised', () => {
    const again = failed(aDelivery({ channel: 'a', id: 'a' }), NOW);
    const flying = beginAttempt(aDelivery({ channel: 'b', id: 'b' }), NOW);
    const backMs = NOW - 3_600_000;
    expect(dueDeliveries([again, flying], backMs)).toEqual([again, flying]);
    expect(wakeMs([again, flying], backMs)).toBe(backMs);
  });

  it('of the earliest delivery is what the outbox wakes for', () => {
    const late = failed(aDelivery({ channel: 'a', id: 'a' }), NOW);
    const soon = aDelivery({ channel: 'b', id: 'b', dueAtMs: NOW + 200 });
    expect(wakeMs([late, soon], NOW)).toBe(NOW + 200);
    expect(wakeMs([], NOW)).toBeUndefined();
  });
});

describe('what follows a trigger', () => {
  it('is sent only after its own channel accepted the trigger', () => {
    const trigger = aDelivery();
    const resolve = aDelivery({}, 'resolve');
    expect(dueDeliveries([trigger, resolve], NOW)).toEqual([trigger]);
    const accepted = endAttempt(beginAttempt(trigger, NOW), ACCEPTED, NOW);
    expect(dueDeliveries([accepted, resolve], NOW)).toEqual([resolve]);
    const other = { channel: 'chat' };
    const otherTrigger = aDelivery({ ...other, id: 'a' });
    const otherResolve = aDelivery({ ...other, id: 'b' }, 'resolve');
    expect(dueDeliveries([accepted, otherTrigger, otherResolve], NOW)).toEqual([otherTrigger]);
  });

  it.each(['update', 'acknowledge', 'resolve'] as const)('%s ends dead with its trigger', (event) => {
    const dead = endAttempt(beginAttempt(aDelivery(), NOW), REFUSED, NOW);
    const after = aDelivery({}, event);
    expect(wakeMs([dead, after], NOW)).toBeUndefined();
    expect(overtaken([dead, after], [])).toMatchObject([
      { id: after.id, state: 'dead', lastError: 'its trigger was never accepted' },
    ]);
  });

  it('is not needed where the trigger was not', () => {
    const trigger = aDelivery({ state: 'superseded' });
    const resolve = aDelivery({}, 'resolve');
    expect(overtaken([trigger, resolve], [])).toMatchObject([{ id: resolve.id, state: 'superseded' }]);
  });

  it('is never for a lower number: a resolve of one incident does not wait for, nor end, another', () => {
    const second = aDelivery({ ...newDelivery(aPage({ seq: 2 }), 'oncall', 'page', undefined, NOW) });
    const accepted = endAttempt(beginAttempt(aDelivery(), NOW), ACCEPTED, NOW);
    const resolve = aDelivery({}, 'resolve');
    expect(dueDeliveries([accepted, resolve, second], NOW)).toEqual([resolve, second]);
    const resolveOfSecond = newDelivery(
      aPage({ seq: 2, event: 'resolve' }),
      'oncall',
      'page',
      undefined,
      NOW,
    );
    expect(dueDeliveries([accepted, second, resolveOfSecond], NOW)).toEqual([second]);
  });

  it('goes wherever the trigger went: fallback and escalation too, each channel once', () => {
    const box = new Mailbox({ fallback: ['phone'], escalation: ['oncall', 'other'] });
    box.post(aPage()).send({ oncall: FAILED }).wait(8_000).send({ oncall: ACCEPTED, phone: ACCEPTED });
    box.wait(300_000).send({ oncall: ACCEPTED, other: ACCEPTED });
    box.over().post(aPage({ event: 'resolve' }));
    expect(box.lines.filter((line) => line.includes('resolve'))).toEqual([
      'page resolve oncall: pending',
      'fallback resolve phone: pending',
      'fallback resolve other: pending',
    ]);
    box.wakesIn(0);
  });

  it('goes nowhere when there was no trigger', () => {
    expect(new Mailbox().post(aPage({ event: 'resolve' })).lines).toEqual([]);
  });

  it('that says more of an open incident is not sent after its end: it would open it again', () => {
    const box = new Mailbox().post(aPage()).send({ oncall: ACCEPTED });
    box.post(aPage({ event: 'update' })).send({ oncall: FAILED });
    box.over().post(aPage({ event: 'resolve' }));
    expect(box.lines).toEqual([
      'page trigger oncall: accepted',
      'page update oncall: superseded',
      'page resolve oncall: pending',
    ]);
  });

  it('says the newest: a second update is sent too, and the first no more if it was not yet taken', () => {
    const box = new Mailbox().post(aPage()).send({ oncall: ACCEPTED });
    box.post(aPage({ event: 'update', decidedAtMs: NOW + 1 })).send({ oncall: ACCEPTED });
    box.post(aPage({ event: 'update', decidedAtMs: NOW + 2 })).send({ oncall: FAILED });
    box.post(aPage({ event: 'update', decidedAtMs: NOW + 3 }));
    expect(box.lines).toEqual([
      'page trigger oncall: accepted',
      'page update oncall: accepted',
      'page update oncall: superseded',
      'page update oncall: pending',
    ]);
  });
});

describe('a message', () => {
  it('that opens an incident goes to the channels of the check', () => {
    const box = new Mailbox({ page: ['oncall', 'chat'], fallback: ['phone'], notice: ['wall'] });
    expect(box.post(aPage()).lines).toEqual(['page trigger oncall: pending', 'page trigger chat: pending']);
  });

  it('that wakes nobody goes to those of notices, and what a probe cannot measure to its owner', () => {
    const box = new Mailbox({ notice: ['chat'], platform: ['wall'] });
    box.post(aPage({ event: 'notice', reason: 'one-region', dedupKey: 'a' }));
    box.post(aPage({ event: 'notice', reason: 'maintenance', dedupKey: 'b' }));
    box.post(aPage({ event: 'notice', reason: 'invalid', dedupKey: 'c' }));
    expect(box.lines).toEqual([
      'notice notice chat: pending',
      'notice notice chat: pending',
      'notice notice wall: pending',
    ]);
  });

  it('that opens an incident waits for its group’s word as long as it is told, and no other does', () => {
    const box = new Mailbox({ notice: ['chat'] });
    box.post(aPage({ event: 'notice', dedupKey: 'a', reason: 'one-region' }), 1_000);
    box.wakesIn(0).send({ chat: ACCEPTED });
    box.post(aPage(), 1_000).wakesIn(1_000);
  });
});

describe('a page of a group', () => {
  it('is sent at once when it speaks for itself', () => {
    const sent = grouped(aDelivery({ dueAtMs: NOW + 1_000 }), undefined, NOW + 100);
    expect(sent.dueAtMs).toBe(NOW + 100);
    expect(sent.coveredBy).toBeUndefined();
  });

  it('is put off by 8 s while another one speaks for it', () => {
    const covered = grouped(aDelivery({ dueAtMs: NOW + 1_000 }), 'other:7', NOW + 100);
    expect(covered).toMatchObject({ dueAtMs: NOW + 100 + FALLBACK_AFTER_MS, coveredBy: 'other:7' });
    expect(dueDeliveries([covered], NOW + 8_099)).toEqual([]);
    expect(dueDeliveries([covered], NOW + 8_100)).toEqual([covered]);
  });

  it('has nothing left to say when the other one has been accepted, and says so', () => {
    const covered = coveredFor(grouped(aDelivery(), 'other:7', NOW));
    expect(covered).toMatchObject({ state: 'superseded', lastError: 'told by other:7' });
    expect(wakeMs([covered], NOW)).toBeUndefined();
  });

  it('goes out by itself, and to the fallback, when the other one has not been accepted in time', () => {
    const box = new Mailbox({ fallback: ['phone'] }).post(aPage(), 1_000);
    box.put(...box.all.map((delivery) => grouped(delivery, 'other:7', box.nowMs)));
    box.wakesIn(8_000).wait(8_000);
    expect(box.lines).toEqual(['page trigger oncall: pending']);
    box.begin('oncall').settle();
    expect(box.lines).toEqual(['page trigger oncall: in-flight', 'fallback trigger phone: pending']);
    expect(box.all[0]?.coveredBy).toBeUndefined();
  });

  it('that is covered is neither escalated nor does it call its channel broken', () => {
    const box = new Mailbox({ fallback: ['phone'], escalation: ['other'], notice: ['chat'] }).post(aPage());
    box.put(...box.all.map((delivery) => coveredFor(grouped(delivery, 'other:7', box.nowMs))));
    box.wakesIn(undefined).wait(3_600_000);
    expect(box.lines).toEqual(['page trigger oncall: superseded']);
  });

  it('is left alone once it has been tried, or was not covered', () => {
    const tried = failed(aDelivery(), NOW);
    expect(grouped(tried, 'other:7', NOW)).toBe(tried);
    const own = aDelivery();
    expect(coveredFor(own)).toBe(own);
  });
});

describe('an acknowledgement', () => {
  it('ends what has not been taken yet: nobody is to be woken any more', () => {
    const box = new Mailbox({ page: ['oncall', 'chat'] }).post(aPage());
    box.send({ oncall: ACCEPTED, chat: FAILED }).acknowledge('Ada', 'oncall');
    expect(box.lines).toEqual(['page trigger oncall: accepted', 'page trigger chat: superseded']);
    expect(box.all[1]?.lastError).toBe('acknowledged by Ada');
    box.wakesIn(undefined);
  });

  it('leaves an attempt under way to its end: it may have been taken', () => {
    const box = new Mailbox().post(aPage()).begin('oncall').acknowledge();
    expect(box.lines).toEqual(['page trigger oncall: in-flight']);
    expect(box.end('oncall', ACCEPTED).lines[0]).toBe('page trigger oncall: accepted');
    const failing = new Mailbox().post(aPage()).begin('oncall').acknowledge().end('oncall', FAILED);
    expect(failing.lines).toEqual(['page trigger oncall: superseded']);
  });

  it('of another incident ends nothing', () => {
    const box = new Mailbox()
      .post(aPage())
      .post(aPage({ seq: 2 }))
      .acknowledge('Ada', 'operator', 2);
    expect(box.lines).toEqual(['page trigger oncall: pending', 'page trigger oncall: superseded']);
  });
});
