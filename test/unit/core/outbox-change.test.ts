import { describe, expect, it } from 'vitest';
import { deliveriesOf, NOTICES_KEPT_MAX, surplusNotices } from '#core/outbox.ts';
import type { Page } from '#core/page.ts';
import { aPage } from '#test/fixtures/builders.ts';
import { ACCEPTED, FAILED, Mailbox, REFUSED, TRAITS } from './mailbox.ts';

const SHOWING = {
  ...TRAITS,
  oncall: { wakes: true, acknowledges: true, changes: true },
  chat: { wakes: false, acknowledges: false, changes: true },
};

/** Pages to two pagers, of which one shows changes; notices to a chat that does and to a telephone that does not. */
const ROUTES = {
  page: ['oncall', 'other'],
  notice: ['chat', 'phone', 'oncall'],
  fallback: ['phone'],
  escalation: ['other'],
  platform: ['wall'],
  traits: SHOWING,
};

function aChange(over: Partial<Page> = {}): Page {
  return aPage({
    event: 'change',
    dedupKey: 'deploy.portal:31:change',
    seq: 31,
    severity: 'info',
    reason: 'deploy',
    ...over,
  });
}

describe('a change', () => {
  it('goes once to each channel of pages and notices that shows changes, and to no other', () => {
    const box = new Mailbox(ROUTES).post(aChange());
    expect(box.lines).toEqual(['notice change oncall: pending', 'notice change chat: pending']);
    expect(box.all.map(({ id }) => id)).toEqual([
      'deploy.portal:31:change:change:oncall',
      'deploy.portal:31:change:change:chat',
    ]);
  });

  it('goes nowhere when no channel shows changes', () => {
    expect(deliveriesOf(aChange(), new Mailbox({ notice: ['chat'] }).policy, [], 0)).toEqual([]);
  });

  it('is tried again while it is not taken, and calls neither a fallback, an escalation nor an alarm', () => {
    const box = new Mailbox(ROUTES).post(aChange());
    box.send({ oncall: FAILED, chat: REFUSED });
    box.wait(3_600_000);
    expect(box.lines).toEqual(['notice change oncall: pending', 'notice change chat: dead']);
    expect(box.send({ oncall: ACCEPTED }).wait(86_400_000).lines).toEqual([
      'notice change oncall: accepted',
      'notice change chat: dead',
    ]);
    expect(box.wakeInMs).toBeUndefined();
  });

  it('waits for no page of the same deploy, and is not settled by one', () => {
    const page = aPage({ seq: 31, dedupKey: 'deploy.portal:31' });
    const box = new Mailbox(ROUTES).post(page).post(aChange({ dedupKey: 'deploy.portal:31' }));
    box.acknowledge('Ada', 'operator', 31).over(31);
    const change = box.all.filter(({ event }) => event === 'change');
    expect(change.map(({ state }) => state)).toEqual(['pending', 'pending']);
    box.send({ chat: ACCEPTED });
    expect(box.lines).toContain('notice change chat: accepted');
  });

  it('is forgotten among many that are settled, as a notice is', () => {
    const box = new Mailbox(ROUTES);
    for (let seq = 1; seq <= NOTICES_KEPT_MAX; seq += 1) {
      box.wait(1_000).post(aChange({ seq, dedupKey: `deploy.portal:${seq}:change` }));
      box.send({ oncall: ACCEPTED, chat: ACCEPTED });
    }
    const surplus = surplusNotices(box.all);
    expect(surplus).toHaveLength(NOTICES_KEPT_MAX);
    expect(Math.max(...surplus.map(({ seq }) => seq))).toBe(NOTICES_KEPT_MAX / 2);
  });
});

it('a notice about a deploy goes where notices go, and a page about one where pages go', () => {
  const box = new Mailbox(ROUTES);
  box.post(aPage({ event: 'notice', reason: 'deploy', dedupKey: 'deploy.portal:31:bad', seq: 31 }));
  box.post(aPage({ reason: 'deploy', dedupKey: 'deploy.portal:31', seq: 31 }));
  expect(box.lines).toEqual([
    'notice notice chat: pending',
    'notice notice phone: pending',
    'notice notice oncall: pending',
    'page trigger oncall: pending',
    'page trigger other: pending',
  ]);
});
