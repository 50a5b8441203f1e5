import { describe, expect, it } from 'vitest';
import { aPage } from '#test/fixtures/builders.ts';
import { ACCEPTED, FAILED, LIMITED, Mailbox, REFUSED } from './mailbox.ts';

/** The deliveries that are not the page itself. */
function others(box: Mailbox): string[] {
  return box.lines.filter((line) => !line.startsWith('page trigger'));
}

describe('the fallback', () => {
  it('gets the page when no channel has taken it within 8 s', () => {
    const box = new Mailbox({ fallback: ['phone'] }).post(aPage()).begin('oncall');
    box.wakesIn(8_000).wait(7_999);
    expect(others(box)).toEqual([]);
    box.wait(1);
    expect(others(box)).toEqual(['fallback trigger phone: pending']);
    box.wakesIn(0).send({ phone: ACCEPTED });
    box.wakesIn(2_000);
  });

  it('gets it however often the channel has failed in between, and no sooner', () => {
    const box = new Mailbox({ fallback: ['phone'] }).post(aPage()).send({ oncall: FAILED });
    box.wakesIn(1_000).wait(1_000).send({ oncall: FAILED });
    box.wakesIn(2_000).wait(2_000).send({ oncall: FAILED });
    box.wakesIn(4_000).wait(4_000).send({ oncall: FAILED });
    expect(others(box)).toEqual([]);
    box.wakesIn(1_000).wait(1_000);
    expect(others(box)).toEqual(['fallback trigger phone: pending']);
  });

  it('does not get what was taken in time', () => {
    const box = new Mailbox({ fallback: ['phone'] }).post(aPage()).wait(7_999).send({ oncall: ACCEPTED });
    box.wakesIn(undefined).wait(3_600_000);
    expect(others(box)).toEqual([]);
  });

  it('gets it at once when a channel refuses it', () => {
    const box = new Mailbox({ fallback: ['phone'] }).post(aPage()).send({ oncall: REFUSED });
    expect(others(box)).toContain('fallback trigger phone: pending');
  });

  it('gets it at once when a channel has too many, which is tried again all the same', () => {
    const box = new Mailbox({ fallback: ['phone'] }).post(aPage()).send({ oncall: LIMITED });
    expect(box.lines).toEqual(['page trigger oncall: pending', 'fallback trigger phone: pending']);
    box.send({ phone: ACCEPTED }).wakesIn(1_000);
  });

  it('gets it at once when the page has no channel that wakes', () => {
    const box = new Mailbox({ page: ['chat'], fallback: ['phone'] }).post(aPage());
    expect(box.lines).toEqual(['page trigger chat: pending', 'fallback trigger phone: pending']);
  });

  it('gets it though a chat has taken it: that woke nobody', () => {
    const box = new Mailbox({ page: ['oncall', 'chat'], fallback: ['phone'] }).post(aPage());
    box.send({ chat: ACCEPTED }).begin('oncall').wakesIn(8_000).wait(8_000);
    expect(others(box)).toEqual(['fallback trigger phone: pending']);
  });

  it('does not get what only a chat has not taken', () => {
    const box = new Mailbox({ page: ['oncall', 'chat'], fallback: ['phone'] }).post(aPage());
    box.send({ oncall: ACCEPTED, chat: REFUSED }).wait(50_000);
    expect(others(box).filter((line) => line.startsWith('fallback'))).toEqual([]);
  });

  it('gets what one of several that wake has not taken in time: the one that took it may reach somebody else', () => {
    const box = new Mailbox({ page: ['oncall', 'other'], fallback: ['phone'] }).post(aPage());
    box.send({ oncall: ACCEPTED }).begin('other').wakesIn(8_000).wait(8_000);
    expect(others(box)).toContain('fallback trigger phone: pending');
  });

  it('gets what one of several has refused', () => {
    const box = new Mailbox({ page: ['oncall', 'other'], fallback: ['phone'] }).post(aPage());
    box.send({ oncall: ACCEPTED, other: REFUSED });
    expect(others(box)).toContain('fallback trigger phone: pending');
  });

  it('is all of the fallback’s channels at once, but for those that have the page anyway', () => {
    const box = new Mailbox({ page: ['oncall', 'chat'], fallback: ['phone', 'oncall', 'other'] });
    box.post(aPage()).begin('oncall').send({ chat: ACCEPTED }).wait(8_000);
    expect(others(box)).toEqual(['fallback trigger phone: pending', 'fallback trigger other: pending']);
  });

  it('does not get what somebody has, or what is over', () => {
    const had = new Mailbox({ fallback: ['phone'] }).post(aPage()).begin('oncall').acknowledge();
    expect(others(had.wait(9_000))).toEqual([]);
    const over = new Mailbox({ fallback: ['phone'] }).post(aPage()).begin('oncall').over();
    expect(others(over.wait(9_000))).toEqual([]);
  });
});

describe('the escalation', () => {
  it('comes after five minutes without an acknowledgement', () => {
    const box = new Mailbox({ escalation: ['phone'] }).post(aPage()).send({ oncall: ACCEPTED });
    box.wakesIn(300_000).wait(299_999);
    expect(others(box)).toEqual([]);
    box.wait(1);
    expect(others(box)).toEqual(['escalation trigger phone: pending']);
    expect(box.all.at(-1)).toMatchObject({
      id: 'portal-login:1:escalation:phone',
      page: { dedupKey: 'portal-login:1' },
    });
    box.send({ phone: ACCEPTED }).wakesIn(undefined);
  });

  it('does not come when somebody has acknowledged', () => {
    const box = new Mailbox({ escalation: ['phone'] }).post(aPage()).send({ oncall: ACCEPTED });
    box.wait(299_999).acknowledge('Ada', 'oncall').wakesIn(undefined).wait(3_600_000);
    expect(others(box)).toEqual([]);
  });

  it('does not come when it is over', () => {
    const box = new Mailbox({ escalation: ['phone'] }).post(aPage()).send({ oncall: ACCEPTED });
    expect(others(box.over().wait(3_600_000))).toEqual([]);
  });

  it('comes after the time that the configuration says', () => {
    const box = new Mailbox({ escalation: ['phone'] }, 60_000).post(aPage()).send({ oncall: ACCEPTED });
    box.wakesIn(60_000);
  });

  it('comes to a channel that has taken the page once more, and to one that is still being tried not yet', () => {
    const again = new Mailbox({ escalation: ['oncall'] }).post(aPage()).send({ oncall: ACCEPTED });
    again.wait(300_000);
    expect(others(again)).toEqual(['escalation trigger oncall: pending']);
    const trying = new Mailbox({ escalation: ['oncall'] }).post(aPage());
    trying.wait(300_000);
    expect(others(trying)).toEqual([]);
  });

  it('comes to a fallback that was asked already, once more', () => {
    const box = new Mailbox({ fallback: ['phone'], escalation: ['phone'] }).post(aPage());
    box.begin('oncall').wait(8_000).send({ phone: ACCEPTED }).send({ oncall: ACCEPTED }).wait(292_000);
    expect(others(box)).toEqual(['fallback trigger phone: accepted', 'escalation trigger phone: pending']);
  });
});

describe('a broken channel', () => {
  it('is told on the others when it has taken nothing for a minute', () => {
    const box = new Mailbox({ page: ['oncall', 'chat'], notice: ['chat'], platform: ['wall'] }).post(aPage());
    box.send({ chat: ACCEPTED }).begin('oncall').wait(10_000).begin('oncall').wait(10_000).begin('oncall');
    box.wait(39_999);
    expect(others(box)).toEqual([]);
    box.wait(1);
    expect(others(box)).toEqual(['notice notice wall: pending', 'notice notice chat: pending']);
  });

  it('is told at once when it refuses the page, with its reason', () => {
    const box = new Mailbox({ notice: ['chat'] }).post(aPage()).send({ oncall: REFUSED });
    expect(others(box)).toEqual(['notice notice chat: pending']);
    expect(box.all.at(-1)?.page).toMatchObject({
      event: 'notice',
      reason: 'channel-broken',
      severity: 'warning',
      dedupKey: 'portal-login:1:broken:oncall',
      summary: 'Channel oncall does not take pages: HTTP 400 invalid event',
      errorClass: 'channel-broken',
    });
  });

  it('is not one that has had too many for a moment', () => {
    const box = new Mailbox({ notice: ['chat'] }).post(aPage()).send({ oncall: LIMITED });
    expect(others(box)).toEqual([]);
    box.wait(1_000).send({ oncall: ACCEPTED }).wakesIn(undefined).wait(3_600_000);
    expect(others(box)).toEqual([]);
  });

  it('is told once, and on none that is broken too', () => {
    const box = new Mailbox({ page: ['oncall', 'chat'], fallback: ['phone'], notice: ['chat'] }).post(
      aPage(),
    );
    box.begin('oncall').begin('chat').end('oncall', REFUSED).end('chat', REFUSED);
    for (let count = 0; count < 5; count++) box.send({ phone: ACCEPTED }).wait(60_000);
    expect(others(box)).toEqual([
      'fallback trigger phone: accepted',
      'notice notice phone: accepted',
      'notice notice phone: accepted',
    ]);
  });

  it('that has taken the page in the end is not told any more', () => {
    const box = new Mailbox({ notice: ['chat'] }).post(aPage()).send({ oncall: FAILED });
    box.wait(1_000).send({ oncall: ACCEPTED }).wakesIn(undefined).wait(60_000);
    expect(others(box)).toEqual([]);
  });

  it('is told though the incident is over: the next one would be lost too', () => {
    const box = new Mailbox({ notice: ['chat'] }).post(aPage()).send({ oncall: FAILED }).over().wait(60_000);
    expect(others(box)).toEqual(['notice notice chat: pending']);
  });

  it('is not told for a page that nobody needed any more', () => {
    const box = new Mailbox({ notice: ['chat'] }).post(aPage()).send({ oncall: FAILED }).acknowledge();
    expect(others(box.wait(60_000))).toEqual([]);
  });
});

describe('an acknowledgement', () => {
  it('is told to the channels that can be told, but the one it came from', () => {
    const box = new Mailbox({ page: ['oncall', 'other', 'phone', 'chat'] }).post(aPage());
    box.send({ oncall: ACCEPTED, other: ACCEPTED, phone: ACCEPTED, chat: ACCEPTED });
    box.acknowledge('Ada', 'oncall');
    expect(others(box)).toEqual(['page acknowledge other: pending']);
    expect(box.all.at(-1)?.page).toMatchObject({
      event: 'acknowledge',
      acknowledgedBy: 'Ada',
      dedupKey: 'portal-login:1',
    });
    box.wakesIn(0).send({ other: ACCEPTED }).wakesIn(undefined);
  });

  it('is told to all of them when it was given on the operator’s page or by the link', () => {
    for (const via of ['operator', 'link']) {
      const box = new Mailbox({ page: ['oncall', 'other'] }).post(aPage());
      box.send({ oncall: ACCEPTED, other: ACCEPTED }).acknowledge('Ada', via);
      expect(others(box)).toEqual(['page acknowledge oncall: pending', 'page acknowledge other: pending']);
    }
  });

  it('is told to fallback and escalation as well, each channel once', () => {
    const box = new Mailbox({ page: ['phone'], fallback: ['oncall'], escalation: ['oncall', 'other'] });
    box.post(aPage()).begin('phone').wait(8_000).send({ oncall: ACCEPTED, phone: ACCEPTED });
    box.end('phone', ACCEPTED).wait(300_000).send({ oncall: ACCEPTED, other: ACCEPTED }).acknowledge();
    expect(box.lines.filter((line) => line.includes('acknowledge'))).toEqual([
      'fallback acknowledge oncall: pending',
      'fallback acknowledge other: pending',
    ]);
  });

  it('is not told where nothing was taken, until it is', () => {
    const box = new Mailbox({ page: ['oncall', 'other'] }).post(aPage()).send({ oncall: ACCEPTED });
    box.begin('other').acknowledge('Ada', 'oncall');
    expect(others(box)).toEqual([]);
    box.end('other', ACCEPTED);
    expect(others(box)).toEqual(['page acknowledge other: pending']);
  });

  it('is not told of what is over, and one not yet taken is not told any more', () => {
    const box = new Mailbox().post(aPage()).send({ oncall: ACCEPTED }).acknowledge().send({ oncall: FAILED });
    box.over();
    expect(others(box)).toEqual(['page acknowledge oncall: superseded']);
    const late = new Mailbox().post(aPage()).send({ oncall: ACCEPTED }).over().acknowledge();
    expect(others(late)).toEqual([]);
  });
});

describe('a channel that forgets', () => {
  const wall = () => new Mailbox({ page: ['wall'] }).post(aPage()).send({ wall: ACCEPTED });

  it('is sent the page again and again while it fires', () => {
    const box = wall();
    for (let count = 0; count < 5; count++) {
      box.wakesIn(60_000).wait(60_000);
      expect(box.lines).toEqual(['page trigger wall: accepted']);
      box.send({ wall: ACCEPTED });
    }
    expect(box.all[0]).toMatchObject({ attempts: 6, acceptedAtMs: box.nowMs - 300_000 });
  });

  it('is sent it though somebody has acknowledged: it still fires', () => {
    wall().acknowledge('Ada', 'wall').wakesIn(60_000);
  });

  it('stays one that has taken it when a repetition fails, which is made again soon', () => {
    const box = wall().wait(60_000).send({ wall: FAILED });
    expect(box.all[0]).toMatchObject({ state: 'accepted', lastError: 'HTTP 500' });
    box.wakesIn(2_000);
    const refused = wall().wait(60_000).send({ wall: REFUSED });
    expect(refused.lines).toEqual(['page trigger wall: accepted']);
  });

  it('is left alone while a repetition is under way', () => {
    const box = wall().wait(60_000).begin('wall');
    box.wakesIn(10_000);
  });

  it('is sent the resolve in place of the page, and again for five minutes', () => {
    const box = wall()
      .wait(30_000)
      .over()
      .post(aPage({ event: 'resolve' }));
    box.wakesIn(0).send({ wall: ACCEPTED });
    const sentAtS: number[] = [0];
    for (let count = 1; count <= 5; count++) {
      box.wakesIn(60_000).wait(60_000).send({ wall: ACCEPTED });
      sentAtS.push(count * 60);
    }
    expect(sentAtS.at(-1)).toBe(300);
    box.wakesIn(undefined);
    expect(box.lines).toEqual(['page trigger wall: accepted', 'page resolve wall: accepted']);
  });

  it('is sent notices once', () => {
    const box = new Mailbox({ notice: ['wall'] });
    box.post(aPage({ event: 'notice', reason: 'one-region' })).send({ wall: ACCEPTED });
    box.wakesIn(undefined);
  });
});
