import { expect, it } from 'vitest';
import { beginAttempt, endAttempt, type Delivery } from '#core/delivery.ts';
import { deliveriesOf, dueDeliveries, overtaken } from '#core/outbox.ts';
import { followUps } from '#core/follow-ups.ts';
import type { Page } from '#core/page.ts';
import { outboxPolicyOf } from '#core/policy.ts';
import { updatesOf } from '#core/group/update.ts';
import { aPage, aPolicy } from '#test/fixtures/builders.ts';

const NOW = 1_800_000_000_000;
const POLICY = outboxPolicyOf(aPolicy({ channels: ['oncall'] }, { escalation: ['second'] }));
const PAGED = [{ seq: 1, isOver: false }];

function update(summary: string, atMs: number): Page {
  return aPage({ event: 'update', summary, decidedAtMs: atMs });
}

function trigger(): Delivery {
  const [delivery] = deliveriesOf(aPage({ decidedAtMs: NOW }), POLICY, [], NOW);
  if (!delivery) throw new Error('expected a delivery');
  return delivery;
}

function accepted(delivery: Delivery, atMs = NOW): Delivery {
  return endAttempt(beginAttempt(delivery, atMs), { ok: true }, atMs);
}

/** Deliveries as they are stored: the later of the same id in place of the earlier. */
function stored(...deliveries: Delivery[]): Delivery[] {
  return [...new Map(deliveries.map((delivery) => [delivery.id, delivery])).values()];
}

function post(existing: Delivery[], page: Page): Delivery[] {
  return stored(...existing, ...updatesOf(page, POLICY, existing, page.decidedAtMs));
}

const summaries = (deliveries: Delivery[]): string[] =>
  deliveries.filter(({ event }) => event === 'update').map(({ page }) => page.summary);

it('gathers what changes within a second into one message', () => {
  const once = post([accepted(trigger())], update('and 1 more', NOW + 100));
  const twice = post(once, update('and 2 more', NOW + 600));
  expect(summaries(twice)).toEqual(['and 2 more']);
  expect(dueDeliveries(twice, NOW + 1_099)).toEqual([]);
  expect(summaries(dueDeliveries(twice, NOW + 1_100))).toEqual(['and 2 more']);
});

it('sends another message, of an id of its own, for what changes later', () => {
  const once = post([accepted(trigger())], update('and 1 more', NOW + 100));
  const sent = stored(...once, ...once.filter(({ event }) => event === 'update').map((it) => accepted(it)));
  const twice = post(sent, update('and 2 more', NOW + 60_000));
  expect(summaries(twice)).toEqual(['and 1 more', 'and 2 more']);
  expect(new Set(twice.map(({ id }) => id)).size).toBe(3);
  expect(summaries(dueDeliveries(twice, NOW + 61_000))).toEqual(['and 2 more']);
});

it('lets a page that has not gone out say the new by itself', () => {
  const deliveries = post([trigger()], update('and 1 more', NOW + 100));
  expect(deliveries).toMatchObject([
    { event: 'trigger', page: { event: 'trigger', summary: 'and 1 more', decidedAtMs: NOW } },
  ]);
});

it('lets a page that is sent again, or to somebody else, say the new', () => {
  const failed = endAttempt(
    beginAttempt(trigger(), NOW),
    { ok: false, verdict: 'retry', error: 'HTTP 500' },
    NOW,
  );
  const [again] = post([failed], update('and 1 more', NOW + 100));
  expect(again?.page.summary).toBe('and 1 more');
  const taken = post([accepted(trigger())], update('and 1 more', NOW + 100));
  expect(taken[0]?.page.summary).toBe('Portal login fails');
  expect(followUps(taken, POLICY, PAGED, NOW + 300_000)).toMatchObject([
    { channel: 'second', role: 'escalation', page: { event: 'trigger', summary: 'and 1 more' } },
  ]);
});

it('never opens a page again that is over', () => {
  const withUpdate = post([accepted(trigger())], update('and 1 more', NOW + 100));
  const resolve = deliveriesOf(
    aPage({ event: 'resolve', decidedAtMs: NOW + 500 }),
    POLICY,
    withUpdate,
    NOW + 500,
  );
  expect(overtaken([...withUpdate, ...resolve], PAGED)).toMatchObject([
    { event: 'update', state: 'superseded' },
  ]);

  const flying = withUpdate.map((it) => (it.event === 'update' ? beginAttempt(it, NOW + 400) : it));
  expect(dueDeliveries([...flying, ...resolve], NOW + 500)).toEqual([]);
  const ended = flying.map((it) =>
    it.event === 'update'
      ? endAttempt(it, { ok: false, verdict: 'retry', error: 'HTTP 500' }, NOW + 600)
      : it,
  );
  expect(overtaken([...ended, ...resolve], PAGED)).toMatchObject([{ event: 'update', state: 'superseded' }]);
  expect(dueDeliveries([...ended, ...resolve], NOW + 600)).toEqual(resolve);
});

it('does not send the old after the new', () => {
  const once = post([accepted(trigger())], update('and 1 more', NOW + 100));
  const tried = once.map((it) =>
    it.event === 'update'
      ? endAttempt(
          beginAttempt(it, NOW + 1_100),
          { ok: false, verdict: 'retry', error: 'HTTP 500' },
          NOW + 1_200,
        )
      : it,
  );
  const twice = post(tried, update('and 2 more', NOW + 1_500));
  expect(overtaken(twice, PAGED)).toMatchObject([{ state: 'superseded', page: { summary: 'and 1 more' } }]);
});
