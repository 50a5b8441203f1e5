import { describe, expect, it } from 'vitest';
import { drillPassed, overdueDrills } from '#core/network/drill.ts';
import {
  blindIncident,
  drillRoutes,
  initialNetworkState,
  networkPolicyOf,
  networkStep,
  networkWakeMs,
  nextLookMs,
  type NetworkEffect,
  type NetworkEvent,
  type NetworkPolicy,
  type NetworkState,
} from '#core/network/network.ts';
import type { Page } from '#core/page.ts';
import { PAGING_DEFAULTS } from '#core/paging-settings.ts';
import type { RegionAnswer } from '#core/network/sight.ts';
import { evidenceMs } from '#core/network/watchdog.ts';
import { aCheck, FOUR_REGIONS, SOME_TRAITS } from '#test/fixtures/builders.ts';

const START_MS = 1_800_000_000_000;

function aNetworkPolicy(
  over: Partial<NetworkPolicy['config']> = {},
  regions: readonly string[] = FOUR_REGIONS,
): NetworkPolicy {
  return networkPolicyOf(
    {
      publicUrl: 'https://latchkey.example',
      regions: regions.map((id) => ({ id, title: id })),
      checks: [aCheck({ regions: [...regions] })],
      channels: { oncall: {}, chat: {}, second: {} },
      paging: { ...PAGING_DEFAULTS, fallback: ['second'], escalation: ['second'] },
      maintenance: [],
      watchdogs: [],
      ...over,
    },
    SOME_TRAITS,
  );
}

/** A network under test: the regions are looked at exactly when it asks for that, and answer as they are set. */
class Watch {
  readonly policy: NetworkPolicy;
  state: NetworkState = initialNetworkState(START_MS);
  nowMs = START_MS;
  readonly effects: { atMs: number; effect: NetworkEffect }[] = [];
  /** Of each region: when it was last heard from. Those that go on are heard from at every look. */
  readonly heardMs = new Map<string, number>();
  readonly going = new Set<string>();
  readonly mute = new Set<string>();
  readonly evaluatedMs = new Map<string, number>();

  constructor(policy: NetworkPolicy = aNetworkPolicy()) {
    this.policy = policy;
  }

  /** These regions are heard from now and from now on, and no other. */
  alive(...regions: readonly string[]): this {
    this.going.clear();
    for (const region of regions) {
      this.going.add(region);
      this.heardMs.set(region, this.nowMs);
    }
    return this;
  }

  /** These regions' results are stored and evaluated now. */
  evaluated(...regions: readonly string[]): this {
    for (const region of regions) this.evaluatedMs.set(region, this.nowMs);
    return this;
  }

  look(): this {
    for (const region of this.going) this.heardMs.set(region, this.nowMs);
    const answers: Record<string, RegionAnswer> = {};
    for (const { id } of this.policy.config.regions)
      if (!this.mute.has(id))
        answers[id] = {
          lastHeardMs: this.heardMs.get(id) ?? 0,
          evaluatedMs: this.evaluatedMs.get(id) ?? 0,
        };
    return this.apply({ type: 'looked', nowMs: this.nowMs, answers });
  }

  apply(event: NetworkEvent): this {
    const { state, effects } = networkStep(this.policy, this.state, event);
    this.state = state;
    for (const effect of effects) this.effects.push({ atMs: this.nowMs - START_MS, effect });
    return this;
  }

  /** Lets time pass, waking when the state wants it, as the object's timer does. */
  pass(durationMs: number): this {
    const untilMs = this.nowMs + durationMs;
    for (;;) {
      const wakeMs = Math.max(this.nowMs, networkWakeMs(this.policy, this.state, this.nowMs));
      if (wakeMs > untilMs) break;
      this.nowMs = wakeMs;
      if (nextLookMs(this.policy, this.state, wakeMs) <= wakeMs) this.look();
      else this.apply({ type: 'tick', nowMs: wakeMs });
    }
    this.nowMs = untilMs;
    return this;
  }

  /** The hub is away: nobody looks. */
  away(durationMs: number): this {
    this.nowMs += durationMs;
    return this;
  }

  drill(channels: string[], waitMs = 0): this {
    return this.apply({ type: 'drill', nowMs: this.nowMs, by: 'ada', channels, waitMs });
  }

  on(type: 'sent' | 'accepted', channel: string): this {
    const seq = this.state.lastDrill;
    return this.apply({
      type,
      nowMs: this.nowMs,
      subject: 'drill',
      seq,
      channel,
      providerId: `id-${channel}`,
    });
  }

  get pages(): Page[] {
    return this.effects.flatMap(({ effect }) => (effect.type === 'page' ? [effect.page] : []));
  }

  /** Seconds since the start, and what went out then: `40 trigger network:1`. */
  get told(): string[] {
    return this.effects.map(({ atMs, effect }) => {
      const what =
        effect.type === 'page' ? `${effect.page.event} ${effect.page.dedupKey}` : `ping ${effect.watchdog}`;
      return `${atMs / 1_000} ${what}`;
    });
  }
}

/** Four regions live from the start, and seen so. */
function watched(policy?: NetworkPolicy): Watch {
  return new Watch(policy).alive(...FOUR_REGIONS.slice(0, policy?.config.regions.length ?? 4)).pass(0);
}

describe('blind', () => {
  it('pages 35 s + 5 s after the second region was last heard from, to the moment', () => {
    const watch = watched().pass(60_000);
    watch.alive('us-east').pass(39_999);
    expect(watch.told).toEqual([]);
    watch.pass(1);
    expect(watch.told).toEqual(['100 trigger network:1']);
    expect(blindIncident(watch.state)).toMatchObject({
      seq: 1,
      hadSeen: true,
      ledger: { firstFailedStartMs: START_MS + 60_000, decidedMs: START_MS + 100_000 },
    });
  });

  it('says which regions are silent since when, to whom every check belongs, with the worst severity', () => {
    const checks = [
      aCheck({ channels: ['chat'], severity: 'warning', owner: 'one team' }),
      aCheck({ id: 'second', channels: ['oncall'], severity: 'error', owner: 'another' }),
    ];
    const watch = watched(aNetworkPolicy({ checks }));
    watch.alive('us-east').pass(41_000);
    const [page] = watch.pages;
    expect(watch.policy.routes).toMatchObject({ page: ['chat', 'oncall'], fallback: ['second'] });
    expect(page).toMatchObject({
      event: 'trigger',
      reason: 'blind',
      check: 'network',
      severity: 'error',
      owner: 'one team, another',
      summary: 'Latchkey is blind: 1 of 4 regions reports, 2 checks are not watched',
    });
    expect(page?.regions.map(({ vote }) => vote)).toEqual([
      'live',
      ...Array.from({ length: 3 }, () => `silent since ${new Date(START_MS).toISOString()}`),
    ]);
  });

  it('does not page while two regions are live, nor for a silence that ends within the five seconds', () => {
    const watch = watched().alive('us-east', 'us-west').pass(600_000);
    watch.alive('us-east').pass(38_000);
    watch.alive('us-east', 'ap-south').pass(600_000);
    expect(watch.told).toEqual([]);
  });

  it('needs the only region when only one is configured', () => {
    const watch = watched(aNetworkPolicy({}, ['us-east'])).pass(60_000);
    watch.alive().pass(40_000);
    expect(watch.told).toEqual(['100 trigger network:1']);
    expect(watch.pages[0]?.summary).toBe('Latchkey is blind: 0 of 1 region report, 1 check is not watched');
  });

  it('waits two minutes for the first signs of life after the first start, and then says that there were none', () => {
    const watch = new Watch().pass(119_999);
    expect(watch.told).toEqual([]);
    watch.pass(1);
    expect(watch.told).toEqual(['120 trigger network:1']);
    expect(watch.pages[0]?.summary).toMatch(
      /never have two regions been heard from since this hub was set up$/,
    );
    expect(watch.pages[0]?.regions.map(({ vote }) => vote)).toEqual(
      FOUR_REGIONS.map(() => 'never heard from'),
    );
  });

  it('waits for the second region only, once one has been heard from', () => {
    const watch = new Watch().alive('us-east').pass(120_000);
    expect(watch.told).toEqual(['120 trigger network:1']);
  });

  it('resolves once two regions have been live for 60 s without a break', () => {
    const watch = watched();
    watch.alive('us-east').pass(100_000);
    watch.alive('us-east', 'us-west').pass(20_000);
    watch.alive('us-east').pass(60_000);
    expect(watch.told).toEqual(['40 trigger network:1']);
    watch.alive('us-east', 'us-west').pass(80_000);
    // Heard of at the first look after it was back, up to ten seconds later.
    expect(watch.told).toHaveLength(2);
    expect(watch.told[1]).toBe('250 resolve network:1');
    expect(watch.state.incident).toMatchObject({ status: 'resolved' });
    watch.alive('us-east').pass(60_000);
    expect(watch.told[2]).toMatch(/trigger network:2$/);
  });

  it('takes the word of an object that does not answer for no more than 35 s', () => {
    const watch = watched().pass(20_000);
    for (const region of FOUR_REGIONS) watch.mute.add(region);
    watch.pass(39_999);
    expect(watch.told).toEqual([]);
    watch.pass(1);
    expect(watch.told).toEqual(['60 trigger network:1']);
  });

  it('holds nobody silent for the time in which the hub itself was away', () => {
    const watch = watched().pass(300_000);
    watch.alive().away(90_000).look();
    watch
      .pass(20_000)
      .alive(...FOUR_REGIONS)
      .pass(600_000);
    expect(watch.told).toEqual([]);
  });

  it.each([
    { uptimeMs: 20_000, awayMs: 50_000 },
    { uptimeMs: 300_000, awayMs: 33_000 },
    { uptimeMs: 300_000, awayMs: 13_000 },
  ])(
    'leaves the probes time to come back to a hub that was away for $awayMs ms, $uptimeMs ms after its start',
    ({ uptimeMs, awayMs }) => {
      const watch = watched().pass(uptimeMs);
      watch.alive().away(awayMs).look();
      watch
        .pass(15_000)
        .alive(...FOUR_REGIONS)
        .pass(600_000);
      expect(watch.told).toEqual([]);
    },
  );

  it('sees blindness all the same when nobody but the cron wakes it', () => {
    const watch = watched().pass(300_000).alive();
    for (let minute = 0; minute < 3; minute++) watch.away(60_000).look();
    expect(watch.told).toEqual(['420 trigger network:1']);
  });

  it('is not fooled by a clock that was set back', () => {
    const watch = watched().pass(60_000);
    watch.nowMs -= 3_600_000;
    watch.look().alive('us-east').pass(200_000);
    expect(watch.told.map((line) => line.split(' ').slice(1).join(' '))).toEqual(['trigger network:1']);
  });

  it('is held by a maintenance window of all checks, and told at its end if it lasts', () => {
    const maintenance = [{ title: 'Move', fromMs: START_MS, untilMs: START_MS + 100_000 }];
    const watch = watched(aNetworkPolicy({ maintenance })).alive('us-east').pass(99_999);
    expect(blindIncident(watch.state)).toMatchObject({ held: true });
    expect(watch.told).toEqual([]);
    watch.pass(1);
    expect(watch.told).toEqual(['100 trigger network:1']);
  });

  it('is not told at all when it ends within the window, and not held by a window of some checks', () => {
    const window = { title: 'Move', fromMs: START_MS, untilMs: START_MS + 300_000 };
    const all = watched(aNetworkPolicy({ maintenance: [window] }))
      .alive('us-east')
      .pass(60_000);
    all.alive(...FOUR_REGIONS).pass(400_000);
    expect(all.told).toEqual([]);
    expect(all.state.incident).toMatchObject({ status: 'resolved', held: true });
    const some = watched(aNetworkPolicy({ maintenance: [{ ...window, checks: ['portal-login'] }] }));
    some.alive('us-east').pass(60_000);
    expect(some.told).toEqual(['40 trigger network:1']);
  });

  it('is acknowledged once, by the first', () => {
    const watch = watched().alive().pass(40_000);
    const said = { type: 'acknowledged', subject: 'network', seq: 1, via: 'link' } as const;
    watch.apply({ ...said, nowMs: watch.nowMs, by: 'ada' }).apply({ ...said, nowMs: watch.nowMs, by: 'bob' });
    expect(blindIncident(watch.state)?.acknowledged).toEqual({ atMs: watch.nowMs, by: 'ada', via: 'link' });
  });

  it('forgets a region that the configuration drops, and waits for a new one', () => {
    const watch = watched(aNetworkPolicy({}, ['us-east'])).pass(60_000);
    const grown = new Watch(aNetworkPolicy({}, ['us-east', 'new-one'])).alive('us-east').away(60_000);
    grown.state = watch.state;
    grown.look().pass(119_999);
    expect(grown.told).toEqual([]);
    grown.pass(1);
    expect(grown.told).toEqual(['180 trigger network:1']);
  });
});

describe('watchdogs', () => {
  const policy = aNetworkPolicy({ watchdogs: [{ url: 'https://dog.example', everyMs: 30_000 }] });

  it('are pinged only after results of two live regions have been evaluated, then at their interval', () => {
    const watch = watched(policy).evaluated('us-east').pass(25_000);
    expect(watch.told).toEqual([]);
    watch.evaluated('us-east', 'us-west').pass(40_000);
    expect(watch.told).toEqual(['30 ping 0', '60 ping 0']);
  });

  it('are left alone as soon as results are older than a hanging run of the next interval would be', () => {
    const watch = watched(policy)
      .evaluated(...FOUR_REGIONS)
      .pass(600_000);
    // 30 s interval and 20 s timeout: evidence lasts for 50 s, of regions that go on beating.
    expect(watch.told).toEqual(['10 ping 0', '40 ping 0']);
    expect(evidenceMs(policy.config)).toBe(50_000);
    const quick = aCheck({ regions: [...FOUR_REGIONS], intervalMs: 5_000, timeoutMs: 2_000 });
    expect(evidenceMs({ ...policy.config, checks: [quick] })).toBe(30_000);
  });

  it('have evidence for as long as two regions need, whatever one of them runs more often', () => {
    const often = aCheck({ id: 'often', regions: ['us-east', 'edge'] });
    const seldom = aCheck({ regions: [...FOUR_REGIONS], intervalMs: 300_000, timeoutMs: 20_000 });
    expect(evidenceMs({ ...policy.config, checks: [often, seldom] })).toBe(320_000);
    expect(evidenceMs({ ...policy.config, checks: [] })).toBe(30_000);
  });

  it('need the only region when only one is configured', () => {
    const watch = watched(aNetworkPolicy({ watchdogs: policy.config.watchdogs }, ['us-east']));
    watch.evaluated('us-east').pass(10_000);
    expect(watch.told).toEqual(['10 ping 0']);
  });

  it('are tried again 5 s after a ping that failed', () => {
    const watch = watched(policy)
      .evaluated(...FOUR_REGIONS)
      .pass(10_000);
    watch.apply({ type: 'pinged', nowMs: watch.nowMs, watchdog: 0, error: 'answered 503' });
    expect(watch.state.watchdogs[0]?.failure).toEqual({ atMs: watch.nowMs, error: 'answered 503' });
    watch.pass(5_000).apply({ type: 'pinged', nowMs: watch.nowMs, watchdog: 0 });
    expect(watch.told).toEqual(['10 ping 0', '15 ping 0']);
    expect(watch.state.watchdogs[0]).toMatchObject({ succeededMs: watch.nowMs, failure: undefined });
  });
});

describe('regions of the hub’s own', () => {
  const worker = { questionsMax: 45 };
  const edges = ['edge-eu', 'edge-us'].map((id) => ({ id, title: id, worker }));
  const east = { id: 'us-east', title: 'us-east' };
  const west = { id: 'us-west', title: 'us-west' };
  const dns = aCheck({ id: 'dns', regions: ['us-east', 'us-west', 'edge-eu', 'edge-us'] });
  const login = aCheck({ regions: ['us-east', 'us-west'] });

  it('are all the eyes there are where no region has probes: blind without two of them, and not any more with two', () => {
    const watch = new Watch(aNetworkPolicy({ regions: edges, checks: [aCheck({ regions: ['edge-eu'] })] }));
    watch.alive('edge-eu', 'edge-us').pass(600_000);
    expect(watch.told).toEqual([]);
    watch.alive('edge-eu').pass(600_000);
    expect(watch.pages.map(({ event, summary }) => [event, summary])).toEqual([
      ['trigger', 'Latchkey is blind: 1 of 2 regions reports, 1 check is not watched'],
    ]);
    watch.alive('edge-eu', 'edge-us').pass(600_000);
    expect(watch.pages.map(({ event }) => event)).toEqual(['trigger', 'resolve']);
  });

  it('are blind as well when none of them has ever begun', () => {
    const watch = new Watch(aNetworkPolicy({ regions: edges, checks: [aCheck({ regions: ['edge-us'] })] }))
      .alive()
      .pass(600_000);
    expect(watch.pages.map(({ summary }) => summary)).toEqual([
      'Latchkey is blind: 0 of 2 regions report, 1 check is not watched — never have two regions been heard from since this hub was set up',
    ]);
  });

  it('do not hide that all probes are gone, and what they still watch is not said to be lost', () => {
    const policy = aNetworkPolicy({ regions: [east, west, ...edges], checks: [login, dns] });
    const watch = new Watch(policy).alive('us-east', 'us-west').pass(60_000);
    watch.alive('edge-eu', 'edge-us').pass(600_000);
    expect(watch.pages.map(({ summary }) => summary)).toEqual([
      'Latchkey is blind: 0 of 2 regions with probes report, 1 check is not watched, 1 check is watched by the hub itself only',
    ]);
    expect(watch.pages[0]?.regions.map(({ region }) => region)).toEqual(['us-east', 'us-west']);
    watch.alive('us-east', 'us-west').pass(600_000);
    expect(watch.pages.at(-1)?.summary).toMatch(/2 of 2 regions with probes report$/);
  });

  it('are no evidence for a watchdog beside regions with probes, and are where there are no others', () => {
    const watchdogs = [{ url: 'https://watchdog.example', everyMs: 30_000 }];
    const mixed = new Watch(aNetworkPolicy({ regions: [east, west, ...edges], watchdogs, checks: [dns] }));
    mixed.alive('us-east', 'us-west').evaluated('us-east', 'edge-eu', 'edge-us').pass(60_000);
    expect(mixed.told).toEqual([]);
    const alone = new Watch(aNetworkPolicy({ regions: edges, watchdogs, checks: [dns] }));
    alone.alive('edge-eu', 'edge-us').evaluated('edge-eu', 'edge-us').pass(40_000);
    expect(alone.told).toEqual(['0 ping 0', '30 ping 0']);
  });
});

describe('a drill', () => {
  it('pages, measures every channel, and resolves once all of them have accepted', () => {
    const watch = watched().pass(5_000).drill(['oncall', 'chat']);
    expect(watch.pages[0]).toMatchObject({
      event: 'trigger',
      dedupKey: 'drill:1',
      reason: 'drill',
      severity: 'critical',
      summary: 'DRILL 1: nothing is broken, this tests the way to you (asked for by ada)',
    });
    watch.on('sent', 'oncall').on('sent', 'chat').pass(400).on('accepted', 'oncall');
    expect(watch.state.drill?.endedMs).toBeUndefined();
    watch.pass(600).on('accepted', 'chat');
    expect(watch.told).toEqual(['5 trigger drill:1', '6 resolve drill:1']);
    const { drill } = watch.state;
    expect(drill?.channels).toEqual([
      {
        channel: 'oncall',
        attempts: 1,
        sentMs: START_MS + 5_000,
        acceptedMs: START_MS + 5_400,
        providerId: 'id-oncall',
      },
      {
        channel: 'chat',
        attempts: 1,
        sentMs: START_MS + 5_000,
        acceptedMs: START_MS + 6_000,
        providerId: 'id-chat',
      },
    ]);
    expect(drill && drillPassed(drill)).toBe(true);
    expect(watch.pages[1]?.summary).toBe('DRILL 1 is over: accepted by 2 of 2 channels');
  });

  it('ends after 60 s whatever the channels do, and has failed then', () => {
    const watch = watched().drill(['oncall', 'chat']).on('accepted', 'chat').pass(59_999);
    expect(watch.state.drill && drillPassed(watch.state.drill)).toBeUndefined();
    watch.pass(1);
    expect(watch.told).toEqual(['0 trigger drill:1', '60 resolve drill:1']);
    expect(watch.state.drill && drillPassed(watch.state.drill)).toBe(false);
    watch.on('accepted', 'oncall');
    expect(watch.told).toHaveLength(2);
  });

  it('does not wait for a channel that will never accept', () => {
    const watch = watched().drill(['oncall', 'chat']).on('accepted', 'chat');
    watch.apply({
      type: 'failed',
      nowMs: watch.nowMs,
      subject: 'drill',
      seq: 1,
      channel: 'oncall',
      error: 'answered 401',
      refused: true,
    });
    expect(watch.state.drill).toMatchObject({ endedMs: watch.nowMs });
    expect(watch.state.drill?.channels[0]).toMatchObject({
      error: 'answered 401',
      refused: true,
      attempts: 1,
    });
    expect(watch.state.drill && drillPassed(watch.state.drill)).toBe(false);
  });

  it('goes on until somebody has acknowledged, if that was asked for', () => {
    const watch = watched().drill(['oncall'], 300_000).on('accepted', 'oncall').pass(100_000);
    expect(watch.state.drill?.endedMs).toBeUndefined();
    const said = { type: 'acknowledged', subject: 'drill', seq: 1, by: 'bob', via: 'oncall' } as const;
    watch.apply({ ...said, nowMs: watch.nowMs });
    expect(watch.told).toEqual(['0 trigger drill:1', '100 resolve drill:1']);
    expect(watch.state.drill && drillPassed(watch.state.drill)).toBe(true);
    const nobody = watched().drill(['oncall'], 300_000).on('accepted', 'oncall').pass(300_000);
    expect(nobody.state.drill && drillPassed(nobody.state.drill)).toBe(false);
  });

  it('wakes nobody but the channels it tests', () => {
    const watch = watched().drill(['oncall']);
    expect(drillRoutes(watch.policy, watch.state.drill)).toMatchObject({
      page: ['oncall'],
      fallback: [],
      escalation: [],
    });
  });

  it('is overdue for each channel that has not accepted one for long enough, counted from the first start', () => {
    const watch = watched().drill(['oncall']).on('accepted', 'oncall');
    const overdueAt = (nowMs: number) =>
      overdueDrills(['oncall', 'chat'], watch.state.drilledAtMs, START_MS - 1_000, 60_000, nowMs);
    expect(overdueAt(START_MS + 58_999)).toBeUndefined();
    expect(overdueAt(START_MS + 59_000)).toEqual({ channels: ['chat'], sinceMs: START_MS + 59_000 });
    expect(overdueAt(START_MS + 60_000)?.channels).toEqual(['oncall', 'chat']);
  });
});

it('never changes the state it is given', () => {
  const watch = watched(aNetworkPolicy({ watchdogs: [{ url: 'https://dog.example', everyMs: 30_000 }] }));
  watch.evaluated(...FOUR_REGIONS).drill(['oncall']);
  const frozen = JSON.stringify(watch.state);
  const before = watch.state;
  watch.on('sent', 'oncall').on('accepted', 'oncall').alive().pass(120_000);
  expect(JSON.stringify(before)).toBe(frozen);
});
