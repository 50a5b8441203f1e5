import { describe, expect, it } from 'vitest';
import { aPage } from '#test/fixtures/builders.ts';
import { ACCEPTED, FAILED, LIMITED, Mailbox } from './mailbox.ts';

const resolve = aPage({ event: 'resolve', decidedAtMs: 1_800_000_600_000 });

describe('a page that a channel may have taken though its answer was lost', () => {
  it('is resolved there though somebody has acknowledged it elsewhere in between', () => {
    const box = new Mailbox({ page: ['oncall', 'other'] }).post(aPage());
    box.send({ oncall: ACCEPTED, other: FAILED }).acknowledge('Ada', 'oncall');
    box.wait(600_000).over().post(resolve);
    expect(box.lines).toContain('page resolve other: pending');
    box.wakesIn(0).send({ oncall: ACCEPTED, other: ACCEPTED });
    expect(box.lines).toContain('page resolve other: accepted');
    box.wakesIn(undefined);
  });

  it('is neither resolved where it was never sent, nor where it was refused', () => {
    const box = new Mailbox({ page: ['oncall', 'other'] }).post(aPage());
    box.send({ oncall: ACCEPTED }).acknowledge('Ada', 'oncall').over().post(resolve);
    expect(box.lines).toContain('page resolve other: superseded');
    const limited = new Mailbox({ page: ['oncall', 'other'] }).post(aPage());
    limited.send({ oncall: ACCEPTED, other: LIMITED }).acknowledge('Ada', 'oncall').over().post(resolve);
    expect(limited.lines).toContain('page resolve other: superseded');
  });
});
