import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { findBrowserExecutable } from '#probes/browser/browser-executable.ts';
import { WarmBrowser, type BrowserOptions } from '#probes/browser/browser.ts';
import { groupMembers, killGroup } from '#probes/browser/process-tree.ts';
import { createJourneyRunner } from '#probes/runners/journey.ts';
import { READY_MS_MAX, type RunResult } from '#probes/runners/runner.ts';
import { aCheck } from '#test/fixtures/builders.ts';
import { eventLog, type EventLog } from '#test/fixtures/event-log.ts';
import { startOddServer } from '#test/fixtures/odd-server.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';
import { writeJourney } from '#test/fixtures/written-journey.ts';

const WAIT = { timeout: 10_000, interval: 20 };

type Over = Pick<BrowserOptions, 'recycleRuns' | 'recycleMiB'>;

function aBrowser(over: Over = {}): { browser: WarmBrowser; events: EventLog } {
  const events = eventLog();
  const browser = new WarmBrowser({ env: process.env, log: events.log, ...over });
  onTestFinished(() => browser.close());
  return { browser, events };
}

/** Process groups of the browsers launched so far, in order. */
const groupsOf = (events: EventLog): number[] =>
  events.named('browser-launched').map(({ group }) => Number(group));

/** Waits until nothing of the group runs any more. */
const gone = (group: number | undefined): Promise<void> =>
  vi.waitFor(async () => expect(await groupMembers(Number(group))).toEqual([]), WAIT);

async function aRunner(body: string, timeoutMs = 10_000) {
  const site = await startOddServer();
  onTestFinished(() => site.close());
  const events = eventLog();
  const { directory, file } = await writeJourney(body);
  const runner = createJourneyRunner({ directory, env: process.env, log: events.log });
  onTestFinished(() => runner.close());
  const check = aCheck({ file, timeoutMs, vars: { url: site.url } });
  return { runner, events, site, run: (): Promise<RunResult> => runner.run(check) };
}

/** The process that the others are children of, under whatever wrapper a distribution starts it. */
async function mainProcess(group: number): Promise<number> {
  const [leader = group, child = leader] = (await groupMembers(group)).toSorted((a, b) => a - b);
  const wrapped = (await readFile(`/proc/${leader}/cmdline`, 'utf8')).startsWith('/bin/sh');
  return wrapped ? child : leader;
}

test('all runs share one browser, and closing it leaves no process behind', async () => {
  const { browser, events } = aBrowser();
  const [first, second] = await Promise.all([browser.lease(), browser.lease()]);
  expect(first.browser).toBe(second.browser);
  first.release();
  const third = await browser.lease();
  expect(third.browser).toBe(first.browser);
  const [group] = groupsOf(events);
  expect((await groupMembers(Number(group))).length).toBeGreaterThan(1);
  await browser.close();
  await browser.close();
  await gone(group);
  await expect(async () => browser.lease()).rejects.toThrow('the probe is stopping');
});

test('after a number of runs a new browser takes over, and the old one ends with its last run', async () => {
  const { browser, events } = aBrowser({ recycleRuns: 2 });
  const [long, short] = [await browser.lease(), await browser.lease()];
  short.release();
  const next = await browser.lease();
  expect(next.browser).not.toBe(long.browser);
  expect(long.browser.isConnected()).toBe(true);
  long.release();
  await long.died;
  await gone(groupsOf(events)[0]);
  expect(next.browser.isConnected()).toBe(true);
  next.release();
});

test('above so many MiB a new browser takes over', async () => {
  const { browser, events } = aBrowser({ recycleMiB: 1 });
  for (let run = 0; run < 10; run += 1) (await browser.lease()).release();
  await vi.waitFor(() => expect(events.named('browser-recycled')).toHaveLength(1), WAIT);
  expect(events.named('browser-recycled')[0]?.why).toMatch(/^\d+ MiB$/);
  await gone(groupsOf(events)[0]);
});

test('a lease that is released twice counts once', async () => {
  const { browser } = aBrowser({ recycleRuns: 1 });
  const [one, two] = [await browser.lease(), await browser.lease()];
  one.release();
  one.release();
  expect(two.browser.isConnected()).toBe(true);
  two.release();
});

test.each(['the main process', 'every process'])(
  'SIGKILL of %s of the browser in a run is ours, leaves no orphan, and the next run has a new browser',
  async (what) => {
    const { run, events } = await aRunner(
      `await page.goto(vars.url); await page.getByText('Nothing').click();`,
    );
    const running = run();
    await vi.waitFor(() => expect(groupsOf(events)).toHaveLength(1), WAIT);
    const group = Number(groupsOf(events)[0]);
    await vi.waitFor(async () => expect((await groupMembers(group)).length).toBeGreaterThan(4), WAIT);
    if (what === 'every process') killGroup(group);
    else process.kill(await mainProcess(group), 'SIGKILL');
    const { outcome, failure } = await running;
    expect([outcome, failure?.class]).toEqual(['invalid', 'browser-crash']);
    await gone(group);
    const again = run();
    await vi.waitFor(() => expect(groupsOf(events)).toHaveLength(2), WAIT);
    killGroup(Number(groupsOf(events)[1]));
    await again;
  },
);

test('a crashed page is ours, and the browser goes on', async () => {
  const { run, events } = await aRunner(`await page.goto('chrome://crash');`);
  expect((await run()).failure).toMatchObject({ owner: 'probe', class: 'browser-crash' });
  expect((await run()).failure).toMatchObject({ owner: 'probe', class: 'browser-crash' });
  expect(groupsOf(events)).toHaveLength(1);
});

test('a browser that no longer obeys is killed with its whole group, and the next run has a new one', async () => {
  const { run, events, site } = await aRunner(
    `await page.goto(vars.url); await page.getByText('Nothing').click();`,
    1_500,
  );
  const running = run();
  await vi.waitFor(() => expect(site.paths).toContain('/'), WAIT);
  const group = Number(groupsOf(events)[0]);
  process.kill(-group, 'SIGSTOP');
  const { outcome } = await running;
  expect(outcome).not.toBe('pass');
  await gone(group);
  expect(events.named('browser-killed')).toHaveLength(1);
  const again = await run();
  expect(again.failure).toMatchObject({ owner: 'target', class: 'timeout' });
  expect(groupsOf(events)).toHaveLength(2);
});

test('what a journey opens is closed after it, and a stopped runner gives invalid', async () => {
  const { run, runner } = await aRunner(`
    const browser = context.browser();
    if (browser === null || browser.contexts().length !== 1) throw new Error('a context was left open');
    await browser.newContext().then((extra) => extra.newPage());
    await context.newPage();`);
  expect((await run()).outcome).toBe('pass');
  expect((await run()).outcome).toBe('pass');
  expect(runner.versions().chromium).toMatch(/^\d+\./);
  await runner.close();
  expect((await run()).failure).toMatchObject({ owner: 'probe', class: 'probe-error' });
});

/** A Chromium that starts late, as on a machine with too much to do. */
async function lateChromium(lateS: number): Promise<string> {
  const directory = await temporaryDirectory();
  const file = join(directory, 'late-chromium');
  await writeFile(file, `#!/bin/sh\nsleep ${lateS}\nexec "${findBrowserExecutable(process.env)}" "$@"\n`);
  await chmod(file, 0o755);
  return file;
}

async function runnerOf(executable: string, timeoutMs: number) {
  const site = await startOddServer();
  onTestFinished(() => site.close());
  const { directory, file } = await writeJourney(
    'await page.goto(vars.url); await page.waitForTimeout(300);',
  );
  const env = { ...process.env, LATCHKEY_CHROMIUM: executable };
  const runner = createJourneyRunner({ directory, env, log: eventLog().log });
  onTestFinished(() => runner.close());
  return { runner, run: () => runner.run(aCheck({ file, timeoutMs, vars: { url: site.url } })) };
}

test('a browser that starts late does not eat into the time of the target', async () => {
  const { run } = await runnerOf(await lateChromium(1.5), 1_400);
  expect(await run()).toMatchObject({ outcome: 'pass' });
});

test('a browser that starts too late makes the run invalid, and the next one has it', async () => {
  const { runner, run } = await runnerOf(await lateChromium(READY_MS_MAX / 1_000), 5_000);
  expect((await run()).failure).toMatchObject({ owner: 'probe', class: 'overload' });
  await runner.warm(aCheck());
  expect(await run()).toMatchObject({ outcome: 'pass' });
});
