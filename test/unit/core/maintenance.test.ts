import { describe, expect, it } from 'vitest';
import { timeToPageMs } from '#core/ledger.ts';
import { windowAt, WindowSettings, type MaintenanceWindow } from '#core/maintenance.ts';
import { parseWith } from '#core/problem.ts';
import { aFailedRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { START_MS, Story } from './story.ts';

const MINUTE_MS = 60_000;

/** A window of the story's time, minutes from its start. */
function aWindow(
  fromMin: number,
  untilMin: number,
  over: Partial<MaintenanceWindow> = {},
): MaintenanceWindow {
  return {
    title: 'Database move',
    fromMs: START_MS + fromMin * MINUTE_MS,
    untilMs: START_MS + untilMin * MINUTE_MS,
    ...over,
  };
}

function during(...maintenance: MaintenanceWindow[]): Story {
  const policy = aPolicy({}, { clearAfterMs: 60_000, resolveAfterMs: 120_000 }, { maintenance });
  return new Story(policy).allPass().alive(...FOUR_REGIONS);
}

function at(story: Story, minute: number): Story {
  story.nowMs = START_MS + minute * MINUTE_MS;
  return story;
}

/** All regions fail, back to back, until that minute of the story. */
function failUntil(story: Story, minute: number): Story {
  while (story.nowMs < START_MS + minute * MINUTE_MS - 4_000) story.allFail();
  return at(story, minute);
}

function passUntil(story: Story, minute: number): Story {
  while (story.nowMs < START_MS + minute * MINUTE_MS - 4_000) story.allPass();
  return at(story, minute);
}

describe('a window', () => {
  const { fromMs, untilMs } = aWindow(10, 20);

  it('begins at its first moment and is over at its last', () => {
    const windows = [aWindow(10, 20)];
    expect(windowAt(windows, 'portal-login', fromMs - 1)).toBeUndefined();
    expect(windowAt(windows, 'portal-login', fromMs)).toBe(windows[0]);
    expect(windowAt(windows, 'portal-login', untilMs - 1)).toBe(windows[0]);
    expect(windowAt(windows, 'portal-login', untilMs)).toBeUndefined();
  });

  it('covers the checks it names, and all of them when it names none', () => {
    const windows = [aWindow(10, 20, { checks: ['other'] })];
    expect(windowAt(windows, 'portal-login', fromMs)).toBeUndefined();
    expect(windowAt(windows, 'other', fromMs)).toBe(windows[0]);
    expect(windowAt([aWindow(10, 20)], 'anything', fromMs)).toBeDefined();
  });

  it('of several is the one that ends last', () => {
    const windows = [aWindow(10, 20), aWindow(12, 30), aWindow(14, 25)];
    expect(windowAt(windows, 'portal-login', START_MS + 15 * MINUTE_MS)).toBe(windows[1]);
  });

  it.each([
    ['no title', { title: '' }, 'title'],
    ['a beginning that is no moment', { from: 'tomorrow' }, 'from'],
    ['a beginning without an offset', { from: '2026-11-22T02:00:00' }, 'from'],
    ['an end before its beginning', { until: '2026-11-22T01:00:00Z' }, 'until'],
    ['an end at its beginning', { until: '2026-11-22T02:00:00Z' }, 'until'],
    ['no check in its list', { checks: [] }, 'checks'],
    ['a typo', { chekcs: ['a'] }, 'chekcs'],
  ])('with %s is refused, and the field named', (_name, over, path) => {
    const input = {
      title: 'Move',
      from: '2026-11-22T02:00:00Z',
      until: '2026-11-22T04:00:00+01:00',
      ...over,
    };
    const parsed = parseWith(WindowSettings, input);
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.path)).toEqual([path]);
  });

  it('is read with its offset', () => {
    const input = { title: 'Move', from: '2026-11-22T02:00:00Z', until: '2026-11-22T04:00:00+01:00' };
    const parsed = parseWith(WindowSettings, input);
    expect(parsed).toMatchObject({
      ok: true,
      value: { from: Date.UTC(2026, 10, 22, 2), until: Date.UTC(2026, 10, 22, 3) },
    });
  });
});

describe('a failure in a window', () => {
  it('is an incident whose page is held', () => {
    const story = at(during(aWindow(1, 10)), 2).fail();
    expect(story.pages).toEqual([]);
    expect(story.incident).toMatchObject({ seq: 1, held: true, status: 'open' });
    expect(story.wakeInMs).toBe(START_MS + 10 * MINUTE_MS - story.nowMs);
  });

  it('is paged at the window’s very end if it fails still, and the verdict said', () => {
    const story = failUntil(at(during(aWindow(1, 10)), 2), 10);
    story.nowMs -= 1;
    expect(story.tick().pages).toEqual([]);
    story.wait(1).tick();
    expect(story.told).toEqual(['trigger portal-login:1']);
    expect(story.notices).toMatchObject([
      {
        reason: 'maintenance',
        severity: 'warning',
        summary: 'Maintenance “Database move” is over: Portal login is down',
        dedupKey: `portal-login:maintenance:${START_MS + 10 * MINUTE_MS}`,
      },
    ]);
    expect(story.incident).toMatchObject({ held: false, ledger: { decidedMs: story.nowMs } });
  });

  it('counts for no time to page', () => {
    const story = failUntil(at(during(aWindow(1, 10)), 2), 10)
      .tick()
      .wait(1_000)
      .accept(1);
    const ledger = story.incident?.ledger;
    expect(ledger?.acceptedMs).toBe(story.nowMs);
    expect(ledger && timeToPageMs(ledger)).toBeUndefined();
  });

  it('that is over before the window is pages nobody: its end is only a notice', () => {
    const story = passUntil(failUntil(at(during(aWindow(1, 10)), 2), 4), 10).tick();
    expect(story.told).toEqual([]);
    expect(story.notices.map(({ summary, severity }) => `${severity} ${summary}`)).toEqual([
      'info Maintenance “Database move” is over: Portal login is up',
    ]);
    expect(story.state.incident).toMatchObject({ status: 'resolved', seq: 1 });
    passUntil(story, 20).tick();
    expect(story.pages).toHaveLength(1);
  });

  it('that is being recovered from at its end pages nobody, and says so when it is over', () => {
    const story = passUntil(failUntil(at(during(aWindow(1, 10)), 2), 9), 10).tick();
    expect(story.told).toEqual([]);
    expect(story.incident).toMatchObject({ held: true });
    passUntil(story, 15).tick();
    expect(story.told).toEqual([]);
    expect(story.state.incident?.status).toBe('resolved');
  });

  it('that comes back in the hold after the window is paged at once', () => {
    const story = passUntil(failUntil(at(during(aWindow(1, 10)), 2), 9), 10)
      .tick()
      .wait(5_000);
    story.run(aFailedRun, 'us-east');
    expect(story.told).toEqual(['trigger portal-login:1']);
    passUntil(story, 15).tick();
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
  });

  it('after one that was held and is over has a number of its own', () => {
    const story = passUntil(failUntil(at(during(aWindow(1, 10)), 2), 4), 12).fail();
    expect(story.told).toEqual(['trigger portal-login:2']);
  });

  it('starts the burst as ever: its checks go on', () => {
    const story = at(during(aWindow(1, 10)), 2).run(aFailedRun, 'us-east');
    expect(story.bursts).toBe(1);
  });

  it('that began before the window has been paged, and is resolved in it', () => {
    const story = during(aWindow(1, 10)).fail();
    expect(story.told).toEqual(['trigger portal-login:1']);
    passUntil(story, 6).tick();
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
  });

  it('that is slow only is told after it, if it is still', () => {
    const story = during();
    for (let round = 0; round < 16; round++) story.allPass();
    const from = (story.nowMs - START_MS) / MINUTE_MS;
    const maintenance = [aWindow(from, from + 2)];
    story.policy = { ...story.policy, config: { ...story.policy.config, maintenance } };
    const slowRound = () => {
      for (const region of FOUR_REGIONS) story.run(aRun, region, { durationMs: 5_000 }).wait(1_000);
    };
    for (let round = 0; round < 10; round++) slowRound();
    expect(story.told).toEqual([]);
    for (let round = 0; round < 22; round++) slowRound();
    expect(story.pages.map(({ reason }) => reason)).toEqual(['maintenance', 'latency']);
  });
});

describe('the end of a window', () => {
  it.each([
    { name: 'up', act: (story: Story) => passUntil(story, 10), verdict: 'up', severity: 'info' },
    {
      name: 'down',
      act: (story: Story) => failUntil(story, 10),
      verdict: 'down',
      severity: 'warning',
    },
    { name: 'blind', act: (story: Story) => at(story, 10).alive(), verdict: 'blind', severity: 'warning' },
  ])('says that the check is $name', ({ act, verdict, severity }) => {
    const story = act(passUntil(during(aWindow(1, 10)), 2).tick()).tick();
    const notice = story.notices.find(({ reason }) => reason === 'maintenance');
    expect(notice).toMatchObject({ severity, summary: expect.stringMatching(new RegExp(`is ${verdict}$`)) });
  });

  it('is told once', () => {
    const story = passUntil(during(aWindow(1, 10)), 10)
      .tick()
      .tick();
    passUntil(story, 12).tick();
    expect(story.notices).toHaveLength(1);
  });

  it('that another window overlaps is no end: the last one is', () => {
    const windows = [aWindow(1, 10), aWindow(5, 15, { title: 'Switch' })];
    const story = failUntil(at(during(...windows), 2), 12).tick();
    expect(story.pages).toEqual([]);
    failUntil(story, 15).tick();
    expect(story.told).toEqual(['trigger portal-login:1']);
    expect(story.notices.map(({ summary }) => summary)).toEqual([
      'Maintenance “Switch” is over: Portal login is down',
    ]);
  });

  it('that another window adjoins is no end either', () => {
    const story = failUntil(at(during(aWindow(1, 10), aWindow(10, 15)), 2), 10).tick();
    expect(story.pages).toEqual([]);
    expect(story.wakeInMs).toBe(5 * MINUTE_MS);
  });

  it('of another check’s window is none of this one’s business', () => {
    const story = at(during(aWindow(1, 10, { checks: ['other'] })), 2).fail();
    expect(story.told).toEqual(['trigger portal-login:1']);
    at(story, 11).tick();
    expect(story.notices).toEqual([]);
  });

  it('comes when the window is taken out of the configuration', () => {
    const story = failUntil(at(during(aWindow(1, 10)), 2), 4);
    story.policy = { ...story.policy, config: { ...story.policy.config, maintenance: [] } };
    story.tick();
    expect(story.told).toEqual(['trigger portal-login:1']);
  });
});
