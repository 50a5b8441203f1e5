import { describe, expect, it } from 'vitest';
import {
  beginAttempt,
  DELIVERY_AGE_MAX_MS,
  dueDeliveries,
  endAttempt,
  LEASE_MS,
  newDelivery,
  orphanedResolves,
  outboxWakeMs,
  type Delivery,
} from '#core/outbox.ts';
import type { Page } from '#core/page.ts';

const NOW = 1_800_000_000_000;

function aPage(event: Page['event'] = 'trigger', seq = 1): Page {
  return {
    event,
    dedupKey: `portal-login:${seq}`,
    check: 'portal-login',
    title: 'Portal login',
    seq,
    severity: 'critical',
    owner: 'identity team',
    summary: 'Portal login fails',
    rule: 'unanimous',
    regions: [],
    sinceMs: NOW - 5_000,
    decidedAtMs: NOW,
    incidentUrl: 'https://latchkey.example/operator/checks/portal-login/incidents/1',
  };
}

function failed(delivery: Delivery, atMs: number, retryAfterMs?: number): Delivery {
  const begun = beginAttempt(delivery, atMs);
  return endAttempt(begun, { ok: false, verdict: 'retry', error: 'HTTP 500', retryAfterMs }, atMs);
}

describe('outbox', () => {
  it('tries a new delivery at once', () => {
    const delivery = newDelivery(aPage(), 'oncall', NOW);
    expect(delivery.id).toBe('portal-login:1:trigger:oncall');
    expect(dueDeliveries([delivery], NOW)).toEqual([delivery]);
  });

  it('leaves an attempt under way alone until its lease is over', () => {
    const flying = beginAttempt(newDelivery(aPage(), 'oncall', NOW), NOW);
    expect(dueDeliveries([flying], NOW + LEASE_MS - 1)).toEqual([]);
    expect(dueDeliveries([flying], NOW + LEASE_MS)).toEqual([flying]);
  });

  it('retries after 1, 2, 4, 8, 15 and then every 30 s', () => {
    let delivery = newDelivery(aPage(), 'oncall', NOW);
    const pausesS: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      delivery = failed(delivery, NOW);
      pausesS.push((delivery.dueAtMs - NOW) / 1_000);
    }
    expect(pausesS).toEqual([1, 2, 4, 8, 15, 30, 30, 30]);
  });

  it('honours Retry-After, but never waits for longer than 30 s', () => {
    const delivery = newDelivery(aPage(), 'oncall', NOW);
    expect(failed(delivery, NOW, 7_000).dueAtMs).toBe(NOW + 7_000);
    expect(failed(delivery, NOW, 3_600_000).dueAtMs).toBe(NOW + 30_000);
    expect(failed(delivery, NOW, 10).dueAtMs).toBe(NOW + 1_000);
  });

  it('ends dead at a refusal, with the reason', () => {
    const begun = beginAttempt(newDelivery(aPage(), 'oncall', NOW), NOW);
    const dead = endAttempt(begun, { ok: false, verdict: 'refused', error: 'HTTP 400 invalid event' }, NOW);
    expect(dead).toMatchObject({ state: 'dead', lastError: 'HTTP 400 invalid event' });
    expect(outboxWakeMs([dead], NOW)).toBeUndefined();
  });

  it('does not give up for a day', () => {
    const delivery = newDelivery(aPage(), 'oncall', NOW);
    expect(failed(delivery, NOW + DELIVERY_AGE_MAX_MS).state).toBe('pending');
    expect(failed(delivery, NOW + DELIVERY_AGE_MAX_MS + 1).state).toBe('dead');
  });

  it('sends a resolve only after its own channel accepted the trigger', () => {
    const trigger = newDelivery(aPage(), 'oncall', NOW);
    const resolve = newDelivery(aPage('resolve'), 'oncall', NOW);
    expect(dueDeliveries([trigger, resolve], NOW)).toEqual([trigger]);
    const accepted = endAttempt(beginAttempt(trigger, NOW), { ok: true, providerId: 'p' }, NOW);
    expect(accepted).toMatchObject({ state: 'accepted', providerId: 'p', acceptedAtMs: NOW });
    expect(dueDeliveries([accepted, resolve], NOW)).toEqual([resolve]);
    const other = newDelivery(aPage('resolve'), 'chat', NOW);
    const otherTrigger = newDelivery(aPage(), 'chat', NOW);
    expect(dueDeliveries([accepted, otherTrigger, other], NOW)).toEqual([otherTrigger]);
  });

  it('settles a resolve whose trigger died', () => {
    const begun = beginAttempt(newDelivery(aPage(), 'oncall', NOW), NOW);
    const dead = endAttempt(begun, { ok: false, verdict: 'refused', error: 'HTTP 400' }, NOW);
    const resolve = newDelivery(aPage('resolve'), 'oncall', NOW);
    expect(outboxWakeMs([dead, resolve], NOW)).toBeUndefined();
    expect(orphanedResolves([dead, resolve])).toMatchObject([{ id: resolve.id, state: 'dead' }]);
  });

  it('wakes at the earliest delivery', () => {
    const late = failed(newDelivery(aPage(), 'a', NOW), NOW);
    const soon = newDelivery(aPage(), 'b', NOW + 200);
    expect(outboxWakeMs([late, soon], NOW)).toBe(NOW + 200);
  });

  it('does not wait for the time that a clock, since set back, has promised', () => {
    const again = failed(newDelivery(aPage(), 'a', NOW), NOW);
    const flying = beginAttempt(newDelivery(aPage(), 'b', NOW), NOW);
    const backMs = NOW - 3_600_000;
    expect(dueDeliveries([again, flying], backMs)).toEqual([again, flying]);
    expect(outboxWakeMs([again, flying], backMs)).toBe(backMs);
  });
});
