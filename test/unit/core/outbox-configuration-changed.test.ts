import { expect, it } from 'vitest';
import { asConfigured, dueDeliveries, outboxWakeMs } from '#core/outbox.ts';
import { followUps } from '#core/follow-ups.ts';
import { type OutboxPolicy, NO_ROUTES } from '#core/policy.ts';
import { aPage } from '#test/fixtures/builders.ts';
import { ACCEPTED, aRoutes, Mailbox, REFUSED, TRAITS } from './mailbox.ts';

it('what a channel that forgets has taken of a check that is gone is not sent to it for ever', () => {
  const box = new Mailbox({ page: ['wall'] }).post(aPage()).send({ wall: ACCEPTED });
  const laterMs = box.nowMs + 86_400_000;
  expect(asConfigured(box.all, box.policy)).toEqual(box.all);
  expect(dueDeliveries(asConfigured(box.all, box.policy), laterMs)).toHaveLength(1);

  const gone = { routes: NO_ROUTES, escalateAfterMs: Number.POSITIVE_INFINITY };
  expect(dueDeliveries(asConfigured(box.all, gone), laterMs)).toEqual([]);
  expect(outboxWakeMs(asConfigured(box.all, gone), gone, box.paged, laterMs)).toBeUndefined();
});

it('what such a channel has not taken yet is still sent', () => {
  const box = new Mailbox({ page: ['wall'] }).post(aPage());
  const gone = { routes: NO_ROUTES, escalateAfterMs: Number.POSITIVE_INFINITY };
  expect(dueDeliveries(asConfigured(box.all, gone), box.nowMs)).toEqual(box.all);
});

/** The same box after a deployment that calls the pager otherwise. */
function renamed(box: Mailbox): OutboxPolicy {
  const { oncall, ...others } = TRAITS;
  const traits = { ...others, ...(oncall ? { pager: oncall } : {}) };
  return { ...box.policy, routes: aRoutes({ page: ['pager'], fallback: ['phone'], traits }) };
}

it('a page that was taken wakes nobody once more when its channel is called otherwise', () => {
  const box = new Mailbox().post(aPage()).send({ oncall: ACCEPTED });
  expect(followUps(box.all, renamed(box), box.paged, box.nowMs + 60_000)).toEqual([]);
});

it('a page that was not taken goes to the channels that have come in the place of its own', () => {
  const box = new Mailbox().post(aPage()).send({ oncall: REFUSED });
  const after = followUps(box.all, renamed(box), box.paged, box.nowMs).filter(
    ({ event }) => event === 'trigger',
  );
  expect(after.map(({ channel, role }) => `${role} ${channel}`)).toEqual([
    'fallback pager',
    'fallback phone',
  ]);
});
