import { chromium } from 'playwright';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parseConfig, type JourneyCheck } from '#core/config.ts';
import type { Selector } from '#core/deploy/service/selector.ts';
import { failureLabel } from '#core/failure.ts';
import { describeProblems } from '#core/problem.ts';
import type { DeploySide, Run } from '#core/run.ts';
import type { VerifyNow } from '#core/wire.ts';
import { Agent, CONCURRENCY_DEFAULT } from '#probes/agent.ts';
import { findBrowserExecutable } from '#probes/browser/browser-executable.ts';
import { systemClock } from '#probes/clock.ts';
import { createRunner } from '#probes/runners/index.ts';
import type { RunResult } from '#probes/runners/runner.ts';
import { Spool } from '#probes/spool/spool.ts';
import { aCheck, aDnsCheck } from '#test/fixtures/builders.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { coloursOf } from '#test/fixtures/picture.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';
import { ECHO_AT, LANE, startTwoVersions } from '#test/fixtures/two-versions.ts';
import { writeJourney } from '#test/fixtures/written-journey.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const HEADER: Selector = { kind: 'header', name: LANE.header, value: LANE.value };
const COOKIE: Selector = { kind: 'cookie', name: LANE.cookie, value: LANE.value };
const DEPLOY = { service: 'portal', n: 2, pair: 1, side: 'canary', apart: true } as const;

/** Tells by a step which version it saw. */
const SEES = `
  await step('Open', () => page.goto(vars.baseUrl));
  await step('saw ' + await page.locator('h1').textContent(), () => undefined);`;
const seenBy = ({ steps }: Pick<RunResult, 'steps'>): string | undefined =>
  steps.find(({ title }) => title.startsWith('saw '))?.title;
const labelOf = ({ outcome, failure }: Pick<Run, 'outcome' | 'failure'>): string =>
  failure ? `${outcome}: ${failureLabel(failure)}` : outcome;

/** What the mask of a screenshot leaves of red, green and blue. */
const COVERED = 0x44;

async function coloursIn(image: Uint8Array | undefined, points: readonly { x: number; y: number }[]) {
  const browser = await chromium.launch({ executablePath: findBrowserExecutable(process.env) });
  onTestFinished(() => browser.close());
  return coloursOf(browser, image ?? new Uint8Array(), points);
}

async function aSite(body: string, over: Partial<JourneyCheck> = {}) {
  const site = await startTwoVersions();
  const events = eventLog();
  const { directory, file } = await writeJourney(body);
  const check = aCheck({ file, timeoutMs: 8_000, ...over, vars: { baseUrl: site.url, ...over.vars } });
  const options = { directory, env: process.env, log: events.log };
  const runner = createRunner(options);
  onTestFinished(() => runner.close());
  const visit = (selector?: Selector): Promise<RunResult> =>
    runner.run(check, undefined, { deploy: DEPLOY, selector });
  return { site, events, check, runner, visit, options };
}

/** A probe with its browser that is told what to do, without a hub. */
async function aProbe(body: string, over: Partial<JourneyCheck> = {}) {
  const { site, events, check, options } = await aSite(body, over);
  const spool = await Spool.open({
    directory: await temporaryDirectory(),
    probe: 'probe-1',
    region: 'us-east',
    startedAtMs: Date.now(),
    log: events.log,
  });
  const agent = new Agent({
    region: 'us-east',
    probe: 'probe-1',
    softDeadlineMs: 60_000,
    onOverdue: () => undefined,
    onEnded: () => undefined,
    onUnderWay: () => undefined,
    onSpooled: () => undefined,
    checks: [check],
    configHash: 'abc123abc123',
    concurrency: CONCURRENCY_DEFAULT,
    clock: systemClock,
    log: events.log,
    spool,
    createRunner: () => createRunner(options),
  });
  onTestFinished(async () => {
    await agent.stop(0);
    await agent.close();
    await spool.close();
  });
  await agent.warm();
  const runs = async (): Promise<Run[]> => (await spool.oldest(1_000, 50_000_000)).map(({ run }) => run);
  const runsOf = async (pair: number, sides: number): Promise<Run[]> => {
    let found: Run[] = [];
    await vi.waitFor(async () => {
      found = (await runs()).filter(({ deploy }) => deploy?.pair === pair);
      expect(found).toHaveLength(sides);
    }, WAIT);
    return found;
  };
  return { agent, site, events, check, runs, runsOf };
}

function aPair(pair: number, sides: VerifyNow['sides']): VerifyNow {
  return { type: 'verify-now', check: 'portal-login', deploy: { service: 'portal', n: 2, pair }, sides };
}

test.each([
  ['header', () => HEADER],
  ['cookie', () => COOKIE],
  ['url', (canaryUrl: string): Selector => ({ kind: 'url', url: canaryUrl, var: 'baseUrl' })],
])(
  'a pair sees the canary by its %s, and the version beside it at the same moment',
  async (_kind, selectorAt) => {
    const { agent, site, runsOf } = await aProbe(SEES);
    const selector = selectorAt(site.canaryUrl);
    const saw: Record<DeploySide, (string | undefined)[]> = { canary: [], baseline: [] };
    for (const pair of [1, 2, 3]) {
      const canary = { side: 'canary', selector } as const;
      const baseline = { side: 'baseline' } as const;
      agent.onVerifyNow(aPair(pair, pair % 2 === 1 ? [canary, baseline] : [baseline, canary]));
      const runs = await runsOf(pair, 2);
      for (const run of runs) saw[run.deploy?.side ?? 'canary'].push(`${run.outcome} ${seenBy(run)}`);
      const [one, other] = runs;
      expect(Math.abs((one?.startedAtMs ?? 0) - (other?.startedAtMs ?? 0))).toBeLessThan(50);
    }
    expect(saw).toEqual({
      canary: ['pass saw v2', 'pass saw v2', 'pass saw v2'],
      baseline: ['pass saw v1', 'pass saw v1', 'pass saw v1'],
    });
  },
);

test('the side that is named first begins first, however much longer it takes to get it ready', async () => {
  const { agent, runsOf, site } = await aProbe(
    `(globalThis.begun ??= []).push(performance.now());
     await page.goto(vars.baseUrl + '/' + globalThis.begun.length);`,
  );
  const canary = { side: 'canary', selector: HEADER } as const;
  const baseline = { side: 'baseline' } as const;
  const orders = [
    [canary, baseline],
    [baseline, canary],
    [canary, baseline],
    [baseline, canary],
  ];
  for (const [index, sides] of orders.entries()) {
    agent.onVerifyNow(aPair(index + 1, sides));
    await runsOf(index + 1, 2);
  }
  const begun = site.visits.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  expect(begun.map(({ version }) => version)).toEqual(['v2', 'v1', 'v1', 'v2', 'v2', 'v1', 'v1', 'v2']);
});

test('while a canary hangs, its baseline and the runs of the schedule end in time, of the same check', async () => {
  const { agent, site, runs, runsOf } = await aProbe(SEES, { intervalMs: 1_000, timeoutMs: 6_000 });
  site.canary.hangs = true;
  agent.onPlan({ type: 'plan', configHash: 'abc123abc123', starts: [{ check: 'portal-login', inMs: 0 }] });
  agent.onVerifyNow(aPair(1, [{ side: 'canary', selector: COOKIE }, { side: 'baseline' }]));
  const [baseline, canary] = await runsOf(1, 2);
  expect(baseline?.deploy?.side).toBe('baseline');
  expect([baseline, canary].map((run) => run && labelOf(run))).toEqual(['pass', 'fail: timeout']);
  const hungUntilMs = (canary?.startedAtMs ?? 0) + (canary?.durationMs ?? 0);
  const meanwhile = (await runs()).filter(
    ({ trigger, startedAtMs }) => trigger === 'schedule' && startedAtMs < hungUntilMs,
  );
  expect(meanwhile.length).toBeGreaterThanOrEqual(3);
  for (const run of meanwhile) expect([labelOf(run), seenBy(run)]).toEqual(['pass', 'saw v1']);
  expect(Math.max(...meanwhile.map(({ waitedMs }) => waitedMs))).toBeLessThan(500);
});

test.each([
  ['header', HEADER],
  ['cookie', COOKIE],
])(
  'the value of a %s is nowhere in a run that fails, nor in the log or the picture',
  async (kind, selector) => {
    const { visit, events, site } = await aSite(`
    await page.goto(vars.baseUrl + '/echo');
    const echo = await page.locator('#echo').textContent();
    await step('with ' + echo, () => page.goto(vars.baseUrl + '/echo/${LANE.value}'));
    await page.goto(vars.baseUrl + '/echo');
    await expect(page.locator('#echo')).toHaveText('nothing', { timeout: 300 });`);
    const { screenshot, ...result } = await visit(selector);
    expect(labelOf(result)).toBe('fail: assertion');
    const text = JSON.stringify([result, events.events]);
    expect(text).toContain(`[secret ${kind} ${kind === 'header' ? LANE.header : LANE.cookie}]`);
    expect(text).not.toContain(LANE.value);
    const [covered, beside] = await coloursIn(screenshot, [ECHO_AT, { x: 600, y: 225 }]);
    expect(covered?.every((value) => Math.abs(value - COVERED) < 8)).toBe(true);
    expect(beside?.every((value) => value > 240)).toBe(true);
    expect(site.visits.every(({ version }) => version === 'v2')).toBe(true);
  },
);

test('an error that a journey leaves behind is logged without the value', async () => {
  const { visit, events } = await aSite(`
    await page.goto(vars.baseUrl + '/echo');
    const echo = await page.locator('#echo').textContent();
    void Promise.reject(new Error('left behind: ' + echo));
    await page.goto(vars.baseUrl);`);
  await visit(HEADER);
  expect(events.named('journey-stray-error')).toHaveLength(1);
  expect(JSON.stringify(events.events)).not.toContain(LANE.value);
});

test('a selector leaves nothing behind: the next run is where everybody is', async () => {
  const { visit, runner, check } = await aSite(SEES);
  expect(seenBy(await visit(COOKIE))).toBe('saw v2');
  expect(seenBy(await visit(HEADER))).toBe('saw v2');
  expect(seenBy(await visit())).toBe('saw v1');
  expect(seenBy(await runner.run(check))).toBe('saw v1');
});

test.each([
  { outcome: 'fails', text: 'from elsewhere' },
  { outcome: 'passes all the same', text: 'could not be fetched' },
])(
  'a header that another origin refuses is no way to a version, also where a run $outcome',
  async ({ text }) => {
    const { visit, site } = await aSite(`
    await page.goto(vars.baseUrl + '/elsewhere');
    await expect(page.locator('#answer')).toHaveText('${text}', { timeout: 2_000 });`);
    const result = await visit(HEADER);
    expect(labelOf(result)).toBe('invalid: probe-error');
    expect(result.failure?.message).toContain(
      `${site.otherUrl} does not take the header x-canary from the page`,
    );
  },
);

test('a cookie does not disturb what a page asks of other origins, and does not get there', async () => {
  const { visit, site } = await aSite(`
    await page.goto(vars.baseUrl + '/elsewhere');
    await expect(page.locator('#answer')).toHaveText('from elsewhere', { timeout: 2_000 });`);
  expect(labelOf(await visit(COOKIE))).toBe('pass');
  expect(site.visits.map(({ version, headers }) => [version, headers.cookie])).toEqual([
    ['v2', `${LANE.cookie}=${LANE.value}`],
    ['other', undefined],
  ]);
});

test('a header goes to every origin that a journey opens, a cookie to the hosts of its vars', async () => {
  const { visit, site } = await aSite(`
    await page.goto(vars.baseUrl);
    await page.goto(vars.baseUrl.replace('127.0.0.1', 'localhost'));`);
  await visit(HEADER);
  await visit(COOKIE);
  expect(site.visits.map(({ version }) => version)).toEqual(['v2', 'v2', 'v2', 'v1']);
});

test('a cookie that the browser does not take is our own fault, and the browser goes on', async () => {
  const { visit, events, site } = await aSite(SEES);
  // Such a name is for https alone (RFC 6265bis, section 4.1.3.2).
  const refused = await visit({ kind: 'cookie', name: '__Host-lane', value: LANE.value });
  expect(labelOf(refused)).toBe('invalid: probe-error');
  expect(refused.failure?.message).toContain(
    'the browser does not take the cookie __Host-lane for http://127.0.0.1:',
  );
  expect(JSON.stringify([refused, events.events])).not.toContain(LANE.value);
  expect(site.visits).toEqual([]);
  expect(labelOf(await visit(COOKIE))).toBe('pass');
  expect(events.named('browser-launched')).toHaveLength(1);
});

test('an address for a var that the check does not have is our own fault, and nothing is asked', async () => {
  const { visit, site } = await aSite(SEES);
  const result = await visit({ kind: 'url', url: site.canaryUrl, var: 'portal' });
  expect(labelOf(result)).toBe('invalid: probe-error');
  expect(result.failure?.message).toContain('the selector replaces vars.portal');
  expect(site.visits).toEqual([]);
});

test('no address of a host that the probe’s configuration does not have gets what a journey types', async () => {
  const { visit, site, check, options } = await aSite(SEES);
  const selector: Selector = {
    kind: 'url',
    url: site.canaryUrl.replace('127.0.0.1', 'localhost'),
    var: 'baseUrl',
  };
  const refused = await visit(selector);
  expect(labelOf(refused)).toBe('invalid: probe-error');
  expect(refused.failure?.message).toContain(
    'astray: expected a host that the configuration knows (127.0.0.1)',
  );
  expect(site.visits).toEqual([]);
  const policy = parseConfig({
    publicUrl: 'https://hub.example',
    regions: { 'us-east': {} },
    checks: { 'portal-login': { kind: 'journey', file: 'a.journey.ts', owner: 'Tests' } },
    channels: { oncall: { kind: 'pagerduty' } },
    services: { portal: { checks: ['portal-login'], canaryHosts: ['localhost'] } },
  });
  if (!policy.ok) throw new Error(describeProblems(policy.problems));
  const trusting = createRunner({ ...options, services: policy.value.services });
  onTestFinished(() => trusting.close());
  expect(labelOf(await trusting.run(check, undefined, { deploy: DEPLOY, selector }))).toBe('pass');
});

test('a check that is no journey goes nowhere by a selector', async () => {
  const { runner } = await aSite(SEES);
  const check = aDnsCheck();
  const result = await runner.run(check, undefined, { deploy: DEPLOY, selector: HEADER });
  expect(labelOf(result)).toBe('invalid: probe-error');
});

test('a run of a verification leaves memory for one of the schedule', async () => {
  const { check, options } = await aSite(SEES);
  const narrow = createRunner({ ...options, availableMiB: () => Promise.resolve(300) });
  onTestFinished(() => narrow.close());
  expect(labelOf(await narrow.run(check))).toBe('pass');
  const result = await narrow.run(check, undefined, { deploy: DEPLOY });
  expect(labelOf(result)).toBe('invalid: memory');
  expect(result.failure?.message).toBe(
    'the probe has 300 MiB of memory left, a run beside the schedule needs 512 MiB',
  );
});
