import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { HUB_GONE_AFTER_MS } from '#core/break-glass.ts';
import type { Config } from '#core/config.ts';
import { PAGING_DEFAULTS } from '#core/paging-settings.ts';
import { BreakGlass } from '#probes/break-glass/break-glass.ts';
import { glassChannels } from '#probes/break-glass/glass-channels.ts';
import type { RunDraft } from '#probes/run-draft.ts';
import { aCheck } from '#test/fixtures/builders.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { ManualClock } from '#test/fixtures/manual-clock.ts';
import { startPager, type Pager } from '#test/fixtures/pager/pager.ts';
import { aDraft, aFailedDraft } from '#test/fixtures/run-drafts.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

const CHECK = aCheck({ id: 'portal-login', regions: ['us-east'] });

async function aPager(): Promise<Pager> {
  const pager = await startPager();
  onTestFinished(() => pager.stop());
  return pager;
}

type Given = { pager: Pager; clock?: ManualClock; directory?: string; breakGlass?: string[] };

/** A probe that has lost its hub at 0; `hub.there` says whether that answers a knock. */
async function aGlass({ pager, clock = new ManualClock(), breakGlass = ['oncall'], ...given }: Given) {
  const directory = given.directory ?? (await temporaryDirectory());
  const env = { KEY: pager.routingKey, SIGNING: pager.webhookSecret };
  const config: Pick<Config, 'publicUrl' | 'regions' | 'paging' | 'maintenance' | 'channels'> = {
    publicUrl: 'https://latchkey.example',
    regions: [{ id: 'us-east', title: 'US East' }],
    maintenance: [],
    paging: { ...PAGING_DEFAULTS, breakGlass },
    channels: {
      oncall: { kind: 'pagerduty', routingKey: { secret: 'KEY' }, endpoint: pager.urls.pagerduty },
      hook: { kind: 'webhook', url: pager.urls.webhook, signingSecret: { secret: 'SIGNING' } },
    },
  };
  const channels = glassChannels(config, env);
  if (!channels.ok) throw new Error('the channels are wrong');
  const events = eventLog();
  const hub = { there: false, knocks: 0 };
  const again: string[] = [];
  const onAccepted = vi.fn<() => void>();
  const glass: BreakGlass = await BreakGlass.open({
    directory,
    config,
    checks: [CHECK],
    region: 'us-east',
    probe: 'probe-1',
    channels: channels.value,
    env,
    clock,
    log: events.log,
    knock: () => {
      hub.knocks += 1;
      if (hub.there) glass.onReach(undefined);
      return Promise.resolve(hub.there);
    },
    runAgain: (check) => void again.push(check),
    onAccepted,
  });
  onTestFinished(() => glass.stop());
  const end = (draft: RunDraft): void =>
    glass.onEnded({ draft, startedMs: clock.monotonicMs() - 500, endedMs: clock.monotonicMs() });
  glass.onReach(clock.monotonicMs());
  /** Two failures, and the hub gone for as long as it takes. */
  const breakDown = (): void => {
    end(aFailedDraft());
    clock.advance(HUB_GONE_AFTER_MS - 1_000);
    end(aFailedDraft());
    clock.advance(1_000);
  };
  const memory = async (): Promise<{ words: unknown; pages: { deliveries: { state: string }[] }[] }> =>
    JSON.parse(await readFile(join(directory, 'break-glass.json'), 'utf8'));
  return { glass, clock, events, hub, again, onAccepted, end, breakDown, directory, memory };
}

const until = (condition: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(condition, { timeout: 5_000, interval: 5 });
const keys = (pager: Pager): string[] => pager.alerts().map(({ dedupKey }) => dedupKey);

test('with the hub gone and two failures the page goes out, and the hub is told of it with its ages', async () => {
  const pager = await aPager();
  const { glass, clock, onAccepted, breakDown, memory } = await aGlass({ pager });
  breakDown();
  await until(() => expect(onAccepted).toHaveBeenCalledTimes(1));
  expect(keys(pager)).toEqual(['portal-login:1']);
  clock.advance(5_000);
  glass.onReach(undefined);
  const report = glass.nextReport();
  expect(report).toEqual({
    type: 'broke-glass',
    check: 'portal-login',
    region: 'us-east',
    probe: 'probe-1',
    seq: 1,
    firstFailedAgeMs: 500 + HUB_GONE_AFTER_MS + 5_000,
    decidedAgeMs: 5_000,
    acceptedAgeMs: 5_000,
    channel: 'oncall',
    providerId: 'portal-login:1',
    failure: aFailedDraft().failure,
  });
  if (report) glass.onTold(report);
  expect(glass.nextReport()).toBeUndefined();
  await until(async () => expect((await memory()).pages).toEqual([]));
});

test('a hub that answers at the last moment is left to page by itself', async () => {
  const pager = await aPager();
  const { hub, events, clock, breakDown } = await aGlass({ pager });
  hub.there = true;
  breakDown();
  await until(() => expect(hub.knocks).toBe(1));
  clock.advance(60_000);
  expect(events.named('break-glass')).toEqual([]);
  expect(pager.attempts()).toEqual([]);
});

test('nothing is sent twice for one outage of the hub', async () => {
  const pager = await aPager();
  const { onAccepted, breakDown, end, clock } = await aGlass({ pager });
  breakDown();
  await until(() => expect(onAccepted).toHaveBeenCalledTimes(1));
  end(aDraft());
  breakDown();
  breakDown();
  clock.advance(300_000);
  expect(pager.attempts()).toHaveLength(1);
});

test('a check that has failed runs again at once while the hub is gone', async () => {
  const pager = await aPager();
  const { again, end, clock } = await aGlass({ pager });
  end(aFailedDraft());
  expect(again).toEqual([]);
  clock.advance(PAGING_DEFAULTS.burstGapMs);
  expect(again).toEqual(['portal-login']);
});

test('a channel that fails is tried again, each time only after the hub was asked', async () => {
  const pager = await aPager();
  pager.break({ fault: 'status', status: 503, count: 2 });
  const { onAccepted, breakDown, clock, hub, events } = await aGlass({ pager });
  breakDown();
  await until(() => expect(events.named('break-glass-not-accepted')).toHaveLength(1));
  expect(hub.knocks).toBe(1);
  clock.advance(1_000);
  await until(() => expect(events.named('break-glass-not-accepted')).toHaveLength(2));
  clock.advance(2_000);
  await until(() => expect(onAccepted).toHaveBeenCalledTimes(1));
  expect(hub.knocks).toBe(3);
  expect(keys(pager)).toEqual(['portal-login:1']);
});

test('a hub that is back before a channel has accepted pages by itself; lost again, the number is the same', async () => {
  const pager = await aPager();
  pager.break({ fault: 'status', status: 503 });
  const { glass, breakDown, clock, hub, events, memory } = await aGlass({ pager });
  breakDown();
  await until(() => expect(events.named('break-glass-not-accepted')).toHaveLength(1));
  hub.there = true;
  clock.advance(1_000);
  await until(() => expect(events.named('break-glass-left-to-hub')).toEqual([{ page: 'portal-login:1' }]));
  await until(async () => expect((await memory()).pages).toEqual([]));
  expect(glass.nextReport()).toBeUndefined();
  hub.there = false;
  pager.mend();
  glass.onReach(clock.monotonicMs());
  breakDown();
  await until(() => expect(keys(pager)).toEqual(['portal-login:1']));
});

test('a channel that hangs does not hold up the others, and each acceptance is told', async () => {
  const clock = new ManualClock();
  const pager = await startPager({ nowMs: () => clock.wallMs() });
  pager.break({ fault: 'hang', path: 'pagerduty' });
  const { glass, breakDown, onAccepted } = await aGlass({ pager, clock, breakGlass: ['oncall', 'hook'] });
  // First of all at the end: that ends the attempt that hangs.
  onTestFinished(() => pager.stop());
  breakDown();
  await until(() => expect(onAccepted).toHaveBeenCalledTimes(1));
  expect(glass.nextReport()).toMatchObject({ seq: 1, channel: 'hook' });
  expect(pager.received().map(({ door }) => door)).toEqual(['webhook']);
});

test('the page is on the disk before it is sent, and another process goes on with it', async () => {
  const pager = await aPager();
  pager.break({ fault: 'status', status: 503 });
  const first = await aGlass({ pager });
  first.breakDown();
  await until(() => expect(first.events.named('break-glass-not-accepted')).toHaveLength(1));
  expect((await first.memory()).pages[0]?.deliveries[0]?.state).toMatch(/^(in-flight|pending)$/);
  await first.glass.stop();
  pager.mend();
  const second = await aGlass({ pager, directory: first.directory, clock: first.clock });
  first.clock.advance(1_000);
  await until(() => expect(second.onAccepted).toHaveBeenCalledTimes(1));
  expect(keys(pager)).toEqual(['portal-login:1']);
  expect(second.hub.knocks).toBe(1);
  second.breakDown();
  first.clock.advance(60_000);
  await second.glass.stop();
  // What was accepted is neither repeated nor forgotten by a third.
  const third = await aGlass({ pager, directory: first.directory, clock: first.clock });
  third.breakDown();
  expect(third.glass.nextReport()).toMatchObject({ check: 'portal-login', seq: 1, channel: 'oncall' });
  expect(pager.received()).toHaveLength(1);
});

test("the hub's last word is known to the next process", async () => {
  const pager = await aPager();
  const first = await aGlass({ pager });
  first.glass.onStarts([
    { check: 'portal-login', inMs: 0, incident: { seq: 7, open: false, accepted: true } },
  ]);
  await until(async () =>
    expect((await first.memory()).words).toEqual({ 'portal-login': { seq: 7, open: false, accepted: true } }),
  );
  await first.glass.stop();
  const second = await aGlass({ pager, directory: first.directory });
  // A start that says nothing of incidents leaves it.
  second.glass.onStarts([{ check: 'portal-login', inMs: 0 }]);
  second.breakDown();
  await until(() => expect(keys(pager)).toEqual(['portal-login:8']));
});

test('a word from before the own page does not take that back', async () => {
  const pager = await aPager();
  const { glass, clock, onAccepted, breakDown, events } = await aGlass({ pager });
  breakDown();
  await until(() => expect(onAccepted).toHaveBeenCalledTimes(1));
  glass.onStarts([{ check: 'portal-login', inMs: 0, incident: { seq: 0, open: false, accepted: false } }]);
  glass.onReach(undefined);
  // Lost again before it could be told.
  glass.onReach(clock.monotonicMs());
  breakDown();
  expect(events.named('break-glass')).toHaveLength(1);
  const report = glass.nextReport();
  if (report) glass.onTold(report);
  glass.onReach(undefined);
  glass.onStarts([{ check: 'portal-login', inMs: 0, incident: { seq: 1, open: false, accepted: true } }]);
  glass.onReach(clock.monotonicMs());
  breakDown();
  await until(() => expect(keys(pager)).toEqual(['portal-login:1', 'portal-login:2']));
});

test('a disk that cannot be written does not keep the page back', async () => {
  const pager = await aPager();
  const { directory, events, onAccepted, breakDown } = await aGlass({ pager });
  await rm(directory, { recursive: true });
  breakDown();
  await until(() => expect(onAccepted).toHaveBeenCalledTimes(1));
  expect(events.named('break-glass-not-stored').length).toBeGreaterThan(0);
});

test('without a channel for it a probe never pages by itself', async () => {
  const pager = await aPager();
  const { again, hub, breakDown } = await aGlass({ pager, breakGlass: [] });
  breakDown();
  expect([again, hub.knocks, pager.attempts()]).toEqual([[], 0, []]);
});
