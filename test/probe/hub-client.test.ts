import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  RUNS_PER_REPORT_MAX,
  WIRE_VERSION,
  type BrokeGlass,
  type Command,
  type Looked,
  type LookNow,
  type NextStart,
  type Plan,
  type RunNow,
  type VerifyNow,
} from '#core/wire.ts';
import { systemClock } from '#probes/clock.ts';
import { HubClient } from '#probes/hub/hub-client.ts';
import type { HubTimings } from '#probes/hub/hub-timings.ts';
import { Spool } from '#probes/spool/spool.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { aDraft, aFailedDraft } from '#test/fixtures/run-drafts.ts';
import { StandInHub, type HubFaults, type Recorded } from '#test/fixtures/stand-in-hub.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

/** As in life, a hundred times faster; deadlines stay long where nothing is meant to hit them. */
const QUICK: Partial<HubTimings> = {
  backoffMinMs: 5,
  backoffMaxMs: 50,
  pollMs: 30,
  socketRetryMs: 200,
  slowRetryMs: 60,
};

type Heard = {
  plans: Plan[];
  starts: NextStart[];
  commands: Command[];
  reach: (number | undefined)[];
  told: BrokeGlass[];
};

async function aClient(hubUrl: string, timings: Partial<HubTimings> = {}, directory?: string) {
  const { log, named, events } = eventLog();
  const spool = await Spool.open({
    directory: directory ?? (await temporaryDirectory()),
    probe: 'probe-1',
    region: 'us-east',
    startedAtMs: Date.now(),
    log,
  });
  const heard: Heard = { plans: [], starts: [], commands: [], reach: [], told: [] };
  const glass: BrokeGlass[] = [];
  const client = new HubClient({
    hubUrl,
    token: 'a-token',
    spool,
    clock: systemClock,
    log,
    timings: { ...QUICK, ...timings },
    hello: () => ({
      type: 'hello',
      wireVersion: WIRE_VERSION,
      probe: 'probe-1',
      boot: spool.boot,
      configHash: 'abc123abc123',
      versions: { node: process.versions.node },
      spooled: spool.stats().pending,
      dropped: spool.stats().dropped,
    }),
    onPlan: (plan) => heard.plans.push(plan),
    onStarts: (starts) => heard.starts.push(...starts),
    onCommand: (command) => heard.commands.push(command),
    onReach: (outSinceMs) => heard.reach.push(outSinceMs),
    nextBrokeGlass: () => glass[0],
    onBrokeGlassTold: (message) => {
      heard.told.push(message);
      glass.shift();
    },
  });
  const stop = async (): Promise<void> => {
    await client.stop();
    await spool.close();
  };
  let stopping: Promise<void> | undefined;
  onTestFinished(() => (stopping ??= stop()));
  const append = async (count: number, over = {}): Promise<string[]> => {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1)
      ids.push((await spool.append(aDraft(over), performance.now())).id);
    client.wake();
    return ids;
  };
  return { client, spool, heard, glass, log: named, events, append, stop: () => (stopping ??= stop()) };
}

async function aHubAndClient(faults: HubFaults = {}, timings: Partial<HubTimings> = {}) {
  const hub = await StandInHub.start(faults);
  return { hub, ...(await aClient(hub.url, timings)) };
}

function until(condition: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(condition, { timeout: 10_000, interval: 10 });
}

/** Waits until the hub has stored these runs and the spool is empty. */
async function untilStored(hub: StandInHub, spool: Spool, ids: readonly string[]): Promise<Recorded> {
  await until(() => expect(spool.stats().pending).toBe(0));
  const record = await hub.record();
  expect(record.stored).toEqual(ids);
  return record;
}

test('a probe says hello with its token, gets its plan, and its runs are acknowledged away', async () => {
  const plan = [{ check: 'portal-login', inMs: 1_000 }];
  const { hub, client, spool, heard, append } = await aHubAndClient({
    plan,
    starts: [{ check: 'portal-login', inMs: 7 }],
  });
  const ids = await append(3);
  client.start();
  const record = await untilStored(hub, spool, ids);
  expect(record.tokens[0]).toBe('Bearer a-token');
  expect(record.hellos).toEqual([
    expect.objectContaining({ probe: 'probe-1', boot: spool.boot, spooled: 3 }),
  ]);
  expect(record.reports.map(({ via, entries }) => `${via} ${entries.length}`)).toEqual(['socket 3']);
  expect(heard.plans).toEqual([{ type: 'plan', configHash: 'abc123abc123', starts: plan }]);
  expect(heard.starts).toEqual([{ check: 'portal-login', inMs: 7 }]);
  ids.push(...(await append(1)));
  await untilStored(hub, spool, ids);
});

test('a long spool goes out oldest first, in reports of bounded size', async () => {
  const { hub, client, spool, append } = await aHubAndClient();
  const ids = await append(RUNS_PER_REPORT_MAX * 2 + 5);
  client.start();
  const { reports } = await untilStored(hub, spool, ids);
  expect(reports.map(({ entries }) => entries.length)).toEqual([RUNS_PER_REPORT_MAX, RUNS_PER_REPORT_MAX, 5]);
});

test('the age of a run is from its start by the monotonic clock; of an earlier boot, by the wall clock', async () => {
  const hub = await StandInHub.start();
  const directory = await temporaryDirectory();
  const before = await aClient(hub.url, {}, directory);
  await before.spool.append(aDraft({ startedAtMs: Date.now() - 90_000 }), performance.now());
  await before.spool.append(aDraft({ startedAtMs: Date.now() + 60_000 }), performance.now());
  await before.stop();
  const { client, spool } = await aClient(hub.url, {}, directory);
  await spool.append(aDraft({ startedAtMs: 5 }), performance.now() - 4_000);
  client.start();
  await until(() => expect(spool.stats().pending).toBe(0));
  const [old = -1, fromTheFuture = -1, own = -1] = (await hub.record()).reports.flatMap(({ entries }) =>
    entries.map(({ ageMs }) => ageMs),
  );
  expect(old).toBeGreaterThanOrEqual(90_000);
  expect(fromTheFuture).toBe(0);
  expect(own).toBeGreaterThanOrEqual(4_000);
  expect(own).toBeLessThan(60_000);
});

test('a report whose acknowledgement is lost is sent again with the same run ids', async () => {
  const { hub, client, spool, append } = await aHubAndClient({ loseAcks: 1 }, { ackMs: 300 });
  const ids = await append(2);
  client.start();
  const { reports } = await untilStored(hub, spool, ids);
  expect(reports.map(({ entries }) => entries.map(({ run }) => run.id))).toEqual([ids, ids]);
});

test('a check whose runs the hub cannot store does not hold up the others, and keeps its order', async () => {
  const { hub, client, spool, append } = await aHubAndClient({ unstorable: 'broken' });
  const broken = await append(2 * RUNS_PER_REPORT_MAX, { check: 'broken' });
  const sound = await append(3);
  client.start();
  await until(async () => expect((await hub.record()).stored).toEqual(sound));
  expect(spool.stats().pending).toBe(broken.length);
  const more = await append(1);
  await until(async () => expect((await hub.record()).stored).toEqual([...sound, ...more]));
  await hub.set({ unstorable: '' });
  await untilStored(hub, spool, [...sound, ...more, ...broken]);
});

test('a service whose object cannot store runs does not hold up those of the schedule of its check', async () => {
  const { hub, client, spool, append } = await aHubAndClient({ unstorable: 'portal' });
  const deploy = { service: 'portal', n: 3, pair: 1, side: 'canary', apart: true };
  const verifying = await append(2 * RUNS_PER_REPORT_MAX, { trigger: 'deploy', deploy });
  const scheduled = await append(3);
  client.start();
  await until(async () => expect((await hub.record()).stored).toEqual(scheduled));
  expect(spool.stats().pending).toBe(verifying.length);
  await hub.set({ unstorable: '' });
  await untilStored(hub, spool, [...scheduled, ...verifying]);
});

const VERIFY: VerifyNow = {
  type: 'verify-now',
  check: 'portal-login',
  deploy: { service: 'portal', n: 3, pair: 1 },
  sides: [
    { side: 'baseline' },
    { side: 'canary', selector: { kind: 'header', name: 'x-canary', value: 'v2-for-us' } },
  ],
};
const LOOK: LookNow = {
  type: 'look-now',
  service: 'portal',
  n: 3,
  item: 'edge',
  urls: ['https://portal.example/app.js'],
};
const LOOKED: Looked = {
  type: 'looked',
  probe: 'probe-1',
  service: 'portal',
  n: 3,
  item: 'edge',
  answers: [{ url: 'https://portal.example/app.js', status: 200, headers: { 'x-cache': 'HIT' } }],
};

test('commands of every kind come through the socket, in their order', async () => {
  const { hub, client, heard } = await aHubAndClient();
  client.start();
  await until(() => expect(heard.plans).toHaveLength(1));
  const command: RunNow = { type: 'run-now', check: 'portal-login', trigger: 'burst' };
  for (const each of [command, VERIFY, LOOK]) await hub.send(each);
  await until(() => expect(heard.commands).toEqual([command, VERIFY, LOOK]));
});

test.each([
  { upgrade: 101, via: 'socket' },
  { upgrade: 403, via: 'http' },
])('what opens a canary is not in the log of a command that cannot be read, over $via', async (given) => {
  const { hub, client, heard, events } = await aHubAndClient({ upgrade: given.upgrade });
  client.start();
  await until(() => expect(heard.plans.length).toBeGreaterThan(0));
  const selector = { kind: 'header', name: 'x-canary', value: 'sesame\u00e9' } as const;
  const command: VerifyNow = { ...VERIFY, sides: [{ side: 'canary', selector }] };
  await (given.upgrade === 101 ? hub.send(command) : hub.command(command));
  await until(() =>
    expect(JSON.stringify(events)).toContain('sides.0.selector.value: expected visible ASCII'),
  );
  expect(JSON.stringify(events)).not.toContain('sesame');
  expect(heard.commands).toEqual([]);
});

test.each([
  { upgrade: 101, via: 'socket' },
  { upgrade: 403, via: 'http' },
])('what was looked at is told once, over $via, beside the reports', async ({ upgrade, via }) => {
  const { hub, client, spool, heard, append } = await aHubAndClient({ upgrade });
  client.start();
  await until(() => expect(heard.plans.length).toBeGreaterThan(0));
  const ids = await append(1);
  await client.looked(LOOKED);
  const record = await untilStored(hub, spool, ids);
  expect(record.looked).toEqual([{ via, message: LOOKED }]);
});

test('what was looked at and nobody can be told of is said in the log', async () => {
  const { client, log } = await aHubAndClient();
  await client.looked(LOOKED);
  expect(log('looked-not-told')).toEqual([
    { service: 'portal', n: 3, item: 'edge', error: 'no way to the hub' },
  ]);
});

test.each([
  { upgrade: 101, via: 'socket' },
  { upgrade: 403, via: 'http' },
])('an overdue run is told once, over $via, beside the reports', async ({ upgrade, via }) => {
  const { hub, client, spool, heard, append } = await aHubAndClient({ upgrade });
  client.start();
  await until(() => expect(heard.plans.length).toBeGreaterThan(0));
  const overdue = { type: 'overdue', check: 'portal-login', probe: 'probe-1', ageMs: 4_000 } as const;
  const ids = await append(1);
  await client.overdue(overdue);
  const record = await untilStored(hub, spool, ids);
  expect(record.overdue).toEqual([{ via, message: overdue }]);
});

const BROKE_GLASS: BrokeGlass = {
  type: 'broke-glass',
  check: 'portal-login',
  region: 'us-east',
  probe: 'probe-1',
  seq: 4,
  firstFailedAgeMs: 50_000,
  decidedAgeMs: 20_000,
  acceptedAgeMs: 19_000,
  channel: 'oncall',
  failure: { owner: 'target', class: 'timeout', message: 'no answer' },
};

test.each([
  { upgrade: 101, via: 'socket' },
  { upgrade: 403, via: 'http' },
])(
  "a page of the probe's own is told before the runs, over $via, until it is acknowledged",
  async ({ upgrade, via }) => {
    const { hub, client, spool, heard, glass, append } = await aHubAndClient({ upgrade, deafToGlass: true });
    glass.push(BROKE_GLASS);
    const ids = await append(2);
    client.start();
    // A hub that cannot take it in gets the runs all the same.
    const { reports, brokeGlass } = await untilStored(hub, spool, ids);
    expect(brokeGlass[0]).toEqual({ via, message: BROKE_GLASS });
    expect(reports).toHaveLength(1);
    expect(heard.told).toEqual([]);
    await hub.set({ deafToGlass: false });
    await until(() => expect(heard.told).toEqual([BROKE_GLASS]));
    const told = (await hub.record()).brokeGlass.length;
    ids.push(...(await append(1)));
    await untilStored(hub, spool, ids);
    expect((await hub.record()).brokeGlass).toHaveLength(told);
  },
);

test('a hub is out of reach from the last exchange with it, and is there as soon as it answers', async () => {
  const { hub, client, heard, log } = await aHubAndClient();
  const startedMs = performance.now();
  client.start();
  expect(heard.reach).toHaveLength(1);
  await until(() => expect(heard.reach).toHaveLength(2));
  await hub.stop();
  await until(() => expect(heard.reach).toHaveLength(3));
  const [atStart = 0, back, lost = 0] = heard.reach;
  expect(back).toBeUndefined();
  expect(atStart).toBeGreaterThanOrEqual(startedMs);
  expect(lost).toBeGreaterThanOrEqual(atStart);
  expect(await client.knock()).toBe(false);
  await until(() => expect(log('hub-out-of-reach').length).toBeGreaterThan(0));
  await hub.restart();
  await until(() => expect(heard.reach).toHaveLength(4));
  expect(heard.reach[3]).toBeUndefined();
});

test('over HTTP a hub is there all the time, whatever becomes of the socket', async () => {
  const { hub, client, heard, log } = await aHubAndClient({ upgrade: 403 });
  client.start();
  await until(() => expect(log('hub-socket-failed').length).toBeGreaterThan(6));
  expect((await hub.record()).polls).toBeGreaterThan(3);
  expect(heard.reach.slice(1)).toEqual([undefined]);
});

test('a knock finds the hub that the socket has not found yet, and takes what it says', async () => {
  const { hub, client, heard } = await aHubAndClient(
    { upgrade: 503 },
    { backoffMinMs: 60_000, backoffMaxMs: 60_000 },
  );
  const command: RunNow = { type: 'run-now', check: 'portal-login', trigger: 'manual' };
  await hub.command(command);
  client.start();
  const [one, other] = await Promise.all([client.knock(), client.knock()]);
  expect([one, other]).toEqual([true, true]);
  expect((await hub.record()).polls).toBe(1);
  expect(heard.commands).toEqual([command]);
  expect(heard.reach.at(-1)).toBeUndefined();
});

test.each([
  { status: 401, there: true },
  { status: 503, there: false },
])('a hub that answers a knock with $status is there: $there', async ({ status, there }) => {
  const { client } = await aHubAndClient(
    { upgrade: 503, status },
    { backoffMinMs: 60_000, backoffMaxMs: 60_000 },
  );
  expect(await client.knock()).toBe(there);
});

test('an overdue run that nobody can be told of is said in the log, and never later', async () => {
  const { hub, client, heard, log } = await aHubAndClient();
  await client.overdue({ type: 'overdue', check: 'portal-login', probe: 'probe-1', ageMs: 4_000 });
  expect(log('overdue-not-told')).toEqual([{ check: 'portal-login', error: 'no way to the hub' }]);
  client.start();
  await until(() => expect(heard.plans).toHaveLength(1));
  expect((await hub.record()).overdue).toEqual([]);
});

test('a hub that dies and comes back gets everything measured meanwhile', async () => {
  const { hub, client, spool, log, append } = await aHubAndClient();
  const first = await append(1);
  client.start();
  await untilStored(hub, spool, first);
  await hub.stop();
  await until(() => expect(log('hub-lost')).toHaveLength(1));
  const second = await append(3);
  await until(() => expect(log('hub-out-of-reach').length).toBeGreaterThan(0));
  expect(spool.stats().pending).toBe(3);
  await hub.restart();
  await untilStored(hub, spool, second);
});

test('a socket closed by the hub is opened again', async () => {
  const { hub, client, heard, log } = await aHubAndClient();
  client.start();
  await until(() => expect(heard.plans).toHaveLength(1));
  await hub.closeSockets();
  await until(() => expect(heard.plans).toHaveLength(2));
  expect(log('hub-lost')[0]?.['error']).toContain('1012');
});

test('a hub that goes silent without closing is noticed by its missing pongs', async () => {
  const { client, heard, log } = await aHubAndClient({ pongs: false }, { heartbeatMs: 20, silenceMs: 100 });
  client.start();
  await until(() => expect(heard.plans.length).toBeGreaterThanOrEqual(2));
  expect(log('hub-lost')[0]?.['error']).toContain('nothing heard');
});

test('where no socket can be opened, runs and commands go over HTTP', async () => {
  const plan = [{ check: 'portal-login', inMs: 1_000 }];
  const { hub, client, spool, heard, log, append } = await aHubAndClient({ upgrade: 403, plan });
  const command: RunNow = { type: 'run-now', check: 'portal-login', trigger: 'manual' };
  for (const each of [command, VERIFY, LOOK]) await hub.command(each);
  const ids = await append(2);
  client.start();
  const { reports, upgrades } = await untilStored(hub, spool, ids);
  expect(reports.map(({ via }) => via)).toEqual(['http']);
  expect(upgrades).toBeGreaterThanOrEqual(3);
  expect(heard.plans[0]?.starts).toEqual(plan);
  expect(heard.commands).toEqual([command, VERIFY, LOOK]);
  expect(log('hub-over-http')).toHaveLength(1);
  await until(async () => expect((await hub.record()).polls).toBeGreaterThan(3));
});

test('the socket is tried again during the fallback, and taken when it works', async () => {
  const { hub, client, spool, log, append } = await aHubAndClient({ upgrade: 403 });
  client.start();
  await until(() => expect(log('hub-over-http')).toHaveLength(1));
  await hub.set({ upgrade: 101 });
  await until(() => expect(log('hub-connected')).toHaveLength(1));
  const ids = await append(1);
  const { reports } = await untilStored(hub, spool, ids);
  expect(reports.map(({ via }) => via)).toEqual(['socket']);
});

test.each([{ upgrade: 101 }, { upgrade: 403 }])(
  'one run the hub will never take does not hold up the others (upgrade $upgrade)',
  async ({ upgrade }) => {
    const { hub, client, spool, log, append } = await aHubAndClient({ upgrade, poison: 'bad' });
    const good = await append(2);
    const [bad = ''] = await append(1, { check: 'bad' });
    good.push(...(await append(2)));
    client.start();
    const record = await untilStored(hub, spool, good);
    expect(record.reports.map(({ entries }) => entries.length)).toEqual([5, 1, 1, 1, 1, 1]);
    expect(spool.stats()).toMatchObject({ refused: 1, dropped: 0 });
    expect(log('run-refused')).toEqual([expect.objectContaining({ run: bad, status: 400 })]);
  },
);

test.each([401, 403, 404, 409, 429, 500, 503])(
  'no run is given up for a %i: it is about the way to the hub, or the hub',
  async (status) => {
    const { hub, client, spool, append } = await aHubAndClient({ upgrade: 403, status: 0 });
    client.start();
    await until(async () => expect((await hub.record()).polls).toBeGreaterThan(0));
    await hub.set({ status });
    const ids = await append(2);
    const before = (await hub.record()).tokens.length;
    await until(async () => expect((await hub.record()).tokens.length).toBeGreaterThan(before + 3));
    expect(spool.stats()).toMatchObject({ pending: 2, refused: 0, dropped: 0 });
    await hub.set({ status: 0 });
    await untilStored(hub, spool, ids);
  },
);

test("a refusal in a proxy's words, not the hub's, gives no run up", async () => {
  const { hub, client, spool, append, log } = await aHubAndClient({ upgrade: 400, proxyStatus: 400 });
  const ids = await append(3);
  client.start();
  await until(() => expect(log('report-refused').length).toBeGreaterThan(1));
  expect(spool.stats()).toMatchObject({ pending: 3, refused: 0 });
  await hub.set({ proxyStatus: 0 });
  await untilStored(hub, spool, ids);
});

test('Retry-After is honoured', async () => {
  const { hub, client, spool, log, append } = await aHubAndClient({ upgrade: 403 });
  client.start();
  await until(async () => expect((await hub.record()).polls).toBeGreaterThan(0));
  await hub.set({ status: 429, retryAfter: '1' });
  const ids = await append(1);
  await until(() => expect(log('report-refused').length + log('hub-out-of-reach').length).toBeGreaterThan(0));
  const refusedMs = performance.now();
  await hub.set({ status: 0 });
  await untilStored(hub, spool, ids);
  // The quick pauses of these tests are over after 50 ms.
  expect(performance.now() - refusedMs).toBeGreaterThan(500);
});

test('a hello refused by the hub is said clearly, and no run is sent or given up', async () => {
  const { hub, client, spool, log, append } = await aHubAndClient({ refuseHello: 409 });
  const ids = await append(1);
  client.start();
  await until(() => expect(log('hub-refuses-probe').length).toBeGreaterThanOrEqual(2));
  expect(log('hub-refuses-probe')[0]).toMatchObject({
    status: 409,
    hint: expect.stringContaining('version') as string,
  });
  expect((await hub.record()).reports).toEqual([]);
  await hub.set({ refuseHello: 0 });
  await untilStored(hub, spool, ids);
});

test.each([{ upgrade: 101 }, { upgrade: 403 }])(
  'runs left from before a rename, which the token is not good for, do not hold up ours (upgrade $upgrade)',
  async ({ upgrade }) => {
    const hub = await StandInHub.start({ upgrade, tokenProbe: 'probe-1' });
    const directory = await temporaryDirectory();
    const { log } = eventLog();
    const old = await Spool.open({ directory, probe: 'old-name', region: 'us-east', startedAtMs: 1, log });
    await old.append(aDraft(), 0);
    await old.close();
    const { client, spool, append } = await aClient(hub.url, {}, directory);
    const ids = await append(2);
    client.start();
    await untilStored(hub, spool, ids);
    expect(spool.stats().refused).toBe(1);
  },
);

test('a screenshot follows its run, and is dropped when the hub does not want it', async () => {
  const { hub, client, spool, log } = await aHubAndClient();
  const image = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2]);
  const first = await spool.append(aFailedDraft(), performance.now(), image);
  client.start();
  await until(async () => expect((await hub.record()).uploads).toHaveLength(1));
  expect((await hub.record()).uploads).toEqual([{ run: first.id, bytes: 6, type: 'image/png' }]);
  await until(async () => expect(await spool.nextPicture()).toBeUndefined());
  await hub.set({ uploadStatus: 404 });
  await spool.append(aFailedDraft(), performance.now(), image);
  client.wake();
  await until(() => expect(log('screenshot-not-uploaded')).toHaveLength(1));
  await until(async () => expect(await spool.nextPicture()).toBeUndefined());
});

test('a screenshot the hub cannot take just now is kept', async () => {
  const { hub, client, spool, log } = await aHubAndClient({ uploadStatus: 503 });
  await spool.append(aFailedDraft(), performance.now(), new Uint8Array(3));
  client.start();
  await until(() => expect(log('screenshot-not-uploaded').length).toBeGreaterThanOrEqual(2));
  await hub.set({ uploadStatus: 200 });
  await until(async () => expect(await spool.nextPicture()).toBeUndefined());
});

test('drain empties the spool before a stop, and does not wait for a hub that is not there', async () => {
  const { hub, client, spool, append, heard } = await aHubAndClient();
  client.start();
  await until(() => expect(heard.plans).toHaveLength(1));
  await append(30);
  expect(await client.drain(5_000)).toBe(true);
  expect((await hub.record()).stored).toHaveLength(30);
  await hub.set({ loseAcks: 100 });
  await append(1);
  expect(await client.drain(50)).toBe(false);
  expect(spool.stats().pending).toBe(1);
});

test('a port that takes connections and says nothing costs no more than the deadlines', async () => {
  const mute = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  onTestFinished(() => void mute.close());
  const address = mute.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { client, log } = await aClient(`http://127.0.0.1:${port}`, { connectMs: 30, requestMs: 30 });
  client.start();
  await until(() => expect(log('hub-out-of-reach').length).toBeGreaterThanOrEqual(1));
  expect(log('hub-socket-failed')[0]?.['error']).toBe('not open within 30 ms');
});
