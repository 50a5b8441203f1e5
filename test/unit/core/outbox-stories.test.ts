import { describe, expect, it } from 'vitest';
import { dueDeliveries } from '#core/outbox.ts';
import { followUps } from '#core/follow-ups.ts';
import { isSettled, type AttemptResult } from '#core/delivery.ts';
import type { Routes } from '#core/policy.ts';
import { aPage } from '#test/fixtures/builders.ts';
import { ACCEPTED, FAILED, LIMITED, Mailbox, REFUSED } from './mailbox.ts';
import { randomFrom } from './random-story.ts';

const CHANNELS = ['oncall', 'other', 'phone', 'chat', 'wall'];
const STORIES = 60;

function someOf(random: () => number, share: number): string[] {
  return CHANNELS.filter(() => random() < share);
}

function someRoutes(random: () => number): Partial<Routes> {
  const page = someOf(random, 0.4);
  return {
    page: page.length === 0 ? ['oncall'] : page,
    fallback: someOf(random, 0.3),
    escalation: someOf(random, 0.3),
    notice: someOf(random, 0.2),
    platform: someOf(random, 0.2),
  };
}

function someResult(random: () => number): AttemptResult {
  const roll = random();
  if (roll < 0.4) return ACCEPTED;
  if (roll < 0.8) return FAILED;
  return roll < 0.9 ? LIMITED : REFUSED;
}

/**
 * Two incidents of a check, one after the other, on random channels that accept, fail, refuse, or do not answer; somebody
 * acknowledges or nobody. `afterEach` is told of every step.
 */
function randomMailbox(seed: number, afterEach: (box: Mailbox) => void): Mailbox {
  const random = randomFrom(seed);
  const box = new Mailbox(someRoutes(random));
  for (let seq = 1; seq <= 2; seq++) {
    box.post(aPage({ seq, decidedAtMs: box.nowMs }));
    for (let count = 0; count < 60; count++) {
      const roll = random();
      const channel = CHANNELS[Math.floor(random() * CHANNELS.length)] ?? 'oncall';
      if (roll < 0.5) box.send({ [channel]: someResult(random) });
      else if (roll < 0.6) box.begin(channel);
      else if (roll < 0.63) box.post(aPage({ seq, event: 'update', decidedAtMs: box.nowMs }));
      else if (roll < 0.65) box.acknowledge('Ada', channel, seq);
      else box.wait(Math.floor(random() * 20_000));
      afterEach(box);
    }
    box.over(seq).post(aPage({ seq, event: 'resolve', decidedAtMs: box.nowMs }));
    afterEach(box);
  }
  return box;
}

describe('over random stories of the outbox', () => {
  it('nothing is given twice when asked twice', () => {
    for (let seed = 0; seed < STORIES; seed++)
      randomMailbox(seed, (box) => {
        const ids = followUps(box.all, box.policy, box.paged, box.nowMs + 600_000).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(followUps(box.all, box.policy, box.paged, box.nowMs)).toEqual([]);
      });
  });

  it('the outbox asks to be woken exactly when there is something to do', () => {
    for (let seed = 0; seed < STORIES; seed++)
      randomMailbox(seed, (box) => {
        const inMs = box.wakeInMs;
        expect(() => box.wakesIn(inMs)).not.toThrow();
      });
  });

  it('what follows a trigger never leaves before its own channel took the trigger', () => {
    for (let seed = 0; seed < STORIES; seed++)
      randomMailbox(seed, (box) => {
        for (const due of dueDeliveries(box.all, box.nowMs)) {
          if (due.event === 'trigger' || due.event === 'notice') continue;
          const triggers = box.all.filter(
            ({ event, channel, page }) =>
              event === 'trigger' && channel === due.channel && page.dedupKey === due.page.dedupKey,
          );
          // Or may have taken it: one that is not sent any more after attempts without an answer is ended all the same.
          const mayHaveIt = triggers.some(
            ({ state, attempts }) => due.event === 'resolve' && state === 'superseded' && attempts > 0,
          );
          expect(mayHaveIt || triggers.some(({ acceptedAtMs }) => acceptedAtMs !== undefined)).toBe(true);
        }
      });
  });

  it('every channel that took a page takes its end or refuses it, once all of them answer', () => {
    for (let seed = 0; seed < STORIES; seed++) {
      const box = randomMailbox(seed, () => undefined);
      for (let count = 0; count < 40; count++)
        box.wait(30_000).send(Object.fromEntries(CHANNELS.map((channel) => [channel, ACCEPTED])));
      expect(box.all.filter((delivery) => !isSettled(delivery))).toEqual([]);
      expect(box.wakeInMs).toBeUndefined();
      for (const trigger of box.all.filter(({ event }) => event === 'trigger')) {
        if (trigger.acceptedAtMs === undefined) continue;
        const resolve = box.all.find(
          ({ event, channel, seq }) =>
            event === 'resolve' && channel === trigger.channel && seq === trigger.seq,
        );
        if (resolve?.state === 'dead') expect(resolve).toMatchObject({ refused: true });
        else expect(resolve?.state).toBe('accepted');
      }
    }
  });

  it('nobody loses a page: some channel that wakes has it, or all of them have refused it', () => {
    for (let seed = 0; seed < STORIES; seed++) {
      const random = randomFrom(seed);
      const routes = someRoutes(random);
      const box = new Mailbox({ ...routes, fallback: ['phone'] }).post(aPage());
      for (let count = 0; count < 40; count++) {
        box.wait(Math.floor(random() * 10_000));
        for (const channel of CHANNELS) box.send({ [channel]: count < 20 ? someResult(random) : ACCEPTED });
      }
      const waking = box.all.filter(
        ({ event, channel }) => event === 'trigger' && box.policy.routes.traits[channel]?.wakes,
      );
      expect(waking.length).toBeGreaterThan(0);
      const isTaken = waking.some(({ acceptedAtMs }) => acceptedAtMs !== undefined);
      if (!isTaken) expect(waking.every(({ state }) => state === 'dead')).toBe(true);
    }
  });
});
