import { expect, it } from 'vitest';
import { asConfigured, dueDeliveries, outboxWakeMs } from '#core/outbox.ts';
import { NO_ROUTES } from '#core/policy.ts';
import { aPage } from '#test/fixtures/builders.ts';
import { ACCEPTED, Mailbox } from './mailbox.ts';

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
