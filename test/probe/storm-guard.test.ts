import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JourneyCheck } from '#core/config.ts';
import { failureLabel } from '#core/failure.ts';
import { RunDeadline } from '#probes/run-deadline.ts';
import { createJourneyRunner } from '#probes/runners/journey.ts';
import type { Runner, RunResult } from '#probes/runners/runner.ts';
import { aCheck } from '#test/fixtures/builders.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { startStormApp, type StormApp } from '#test/fixtures/storm-app.ts';
import { writeJourney } from '#test/fixtures/written-journey.ts';

let app: StormApp;
let other: StormApp;
let runner: Runner;

beforeAll(async () => {
  [app, other] = await Promise.all([startStormApp(), startStormApp()]);
  runner = createJourneyRunner({ directory: '/', env: process.env, log: eventLog().log });
});
afterAll(async () => {
  await runner.close();
  await Promise.all([app.close(), other.close()]);
});

async function runBody(body: string, over: Partial<JourneyCheck> = {}): Promise<RunResult> {
  const { directory, file } = await writeJourney(body);
  const vars = { url: app.url, other: other.url };
  return runner.run(aCheck({ timeoutMs: 15_000, vars, ...over, file: `${directory}/${file}` }));
}

const labelOf = ({ outcome, failure }: RunResult): string =>
  failure ? `${outcome}: ${failureLabel(failure)}` : outcome;

const GUARDED = (options: string, after = ''): string => `
  const guard = await stormGuard({ match: '**/api/**', forMs: 2_000, maxRequests: 6, ${options} });
  await page.goto(vars.url);
  await step('Update while nothing works', async () => {
    await page.getByRole('button', { name: 'Update' }).click();
    await guard.settled();
  });
  ${after}`;
const UPDATED = `await expect(page.getByRole('status')).toHaveText('Up to date');`;

const callsReceived = (): number => app.received.filter(({ path }) => path === '/api/updates').length;

describe('stormGuard', () => {
  test.each(['answer: 503', `answer: 'abort'`, 'answer: 429, retryAfterS: 1'])(
    'a client that asks again at fixed gaps fails, with %s, and the target sees nothing of it',
    async (options) => {
      app.become('fixed', 150);
      const before = callsReceived();
      const result = await runBody(GUARDED(options));
      expect(labelOf(result)).toBe('fail: assertion');
      expect(result.failure).toMatchObject({ step: 'Update while nothing works', url: `${app.url}/` });
      expect(result.failure?.message).toMatch(
        /^retry storm while calls got .*: \d+ requests in 2\.0 s, at most 6 allowed; GET http:\/\/127\.0\.0\.1:\d+\/api\/updates: \d+ times, gaps .*, (no back-off|asked to wait 1\.0 s)$/,
      );
      expect(callsReceived() - before).toBe(0);
    },
  );

  test('few requests fail, too, when they do not back off', async () => {
    app.become('fixed', 700);
    const result = await runBody(GUARDED('forMs: 3_500, maxRequests: 100'));
    expect(result.failure?.message).toMatch(/\d requests in 3\.5 s; GET .*, no back-off$/);
  });

  test.each([
    ['backing-off', 'maxRequests: 6'],
    ['backing-off', `answer: 'abort'`],
    ['obedient', 'answer: 503, retryAfterS: 1'],
  ] as const)('a client that is %s passes with %s, and recovers', async (client, options) => {
    app.become(client, 150);
    const before = callsReceived();
    const result = await runBody(GUARDED(options, UPDATED));
    expect(result.failure?.message).toBe(undefined);
    expect(labelOf(result)).toBe('pass');
    expect(callsReceived() - before).toBe(1);
  });

  test('a client that gives up passes', async () => {
    app.become('giving-up', 150);
    const shown = `await expect(page.getByRole('status')).toHaveText('Given up');`;
    expect(labelOf(await runBody(GUARDED('', shown)))).toBe('pass');
  });

  test.each(['reloading', 'worker'] as const)('a client that is %s is counted', async (client) => {
    app.become(client, 150);
    const result = await runBody(GUARDED('maxRequests: 3'));
    expect(labelOf(result)).toBe('fail: assertion');
    expect(result.failure?.message).toMatch(/at most 3 allowed; GET .*api\/updates: \d+ times, gaps /);
  });

  test('a client that makes each address unique is told by ignoreQuery', async () => {
    app.become('unique', 700);
    const options = 'forMs: 3_500, maxRequests: 100';
    expect(labelOf(await runBody(GUARDED(options, UPDATED)))).toBe('pass');
    const result = await runBody(GUARDED(`${options}, ignoreQuery: true`));
    expect(result.failure?.message).toMatch(/no back-off$/);
  });

  test('documents can be matched: the storm is the reason then, not the page that the guard put there', async () => {
    app.become('fixed');
    const result = await runBody(`
      const guard = await stormGuard({ match: (url) => url.origin === vars.url, forMs: 500, maxRequests: 1 });
      await page.goto(vars.url);
      await page.reload();
      await guard.settled();`);
    expect(labelOf(result)).toBe('fail: assertion');
    expect(result.failure?.message).toMatch(
      /^retry storm while calls got HTTP 503: 2 requests in 500 ms, at most 1/,
    );
  });

  test('calls of another origin see the answer as well; preflights are not counted', async () => {
    const result = await runBody(`
      await page.goto(vars.url);
      const guard = await stormGuard({ match: '**/api/**', forMs: 300, maxRequests: 1, retryAfterS: 2 });
      const seen = await page.evaluate(async (url) => {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(url, { method: 'POST', headers, body: '{}' });
        return answer.status + ' ' + answer.headers.get('retry-after');
      }, vars.other + '/api/log');
      await guard.settled();
      expect(seen).toBe('503 2');`);
    expect(result.failure?.message).toBe(undefined);
    expect(labelOf(result)).toBe('pass');
  });

  test('different calls to one address are told apart by what they send', async () => {
    const post = (count: number, body: string): string => `
      await page.goto(vars.url);
      const guard = await stormGuard({ match: '**/graphql', forMs: 3_500, maxRequests: 10 });
      await page.evaluate(async () => {
        for (let n = 0; n < ${count}; n += 1) {
          await fetch('/graphql', { method: 'POST', body: ${body} });
          await new Promise((resolve) => setTimeout(resolve, 700));
        }
      });
      await guard.settled();`;
    expect(labelOf(await runBody(post(4, "'query ' + n")))).toBe('pass');
    expect(labelOf(await runBody(post(4, "'query'")))).toBe('fail: assertion');
  });

  test('after the guard the target is itself again, and what it fails with is its own', async () => {
    app.become('backing-off', 150);
    app.answerWith(503);
    const still = `await page.waitForResponse('**/api/updates');
      await expect(page.getByRole('status')).toHaveText('Up to date', { timeout: 500 });`;
    const result = await runBody(GUARDED('', still));
    app.answerWith(200);
    expect(labelOf(result)).toBe('fail: assertion');
    expect(result.failure?.message).toContain('Up to date');
  });

  test('a client that sends more than is kept is judged before its time is over', async () => {
    const result = await runBody(
      `await page.goto(vars.url);
       const guard = await stormGuard({ match: '**/api/**', forMs: 30_000, maxRequests: 500 });
       await page.evaluate(() => { for (let n = 0; n < 1_000; n += 1) fetch('/api/updates?n=' + n).catch(() => 0); });
       await guard.settled();`,
      { timeoutMs: 40_000 },
    );
    expect(labelOf(result)).toBe('fail: assertion');
    expect(result.failure?.message).toMatch(
      /: 1000 requests in .* m?s, at most 500 allowed; 1000 different calls$/,
    );
    expect(result.failure?.message).not.toContain('30.0 s');
  });

  test('a journey that ends in the middle of a storm ends as it does, and leaves nothing behind', async () => {
    app.become('fixed', 1);
    const result = await runBody(`
      const guard = await stormGuard({ match: '**/api/**', forMs: 10_000, maxRequests: 500 });
      await page.goto(vars.url);
      const called = page.waitForRequest('**/api/updates');
      await page.getByRole('button', { name: 'Update' }).click();
      await called;
      throw new Error('enough seen');`);
    expect(labelOf(result)).toBe('fail: assertion');
    expect(result.failure?.message).toBe('enough seen');
    app.become('giving-up', 150);
    const next = await runBody(GUARDED('forMs: 1_000'));
    expect(next.failure?.message).toBe(undefined);
    expect(labelOf(next)).toBe('pass');
  });

  test('an app that never calls has shown nothing', async () => {
    const result = await runBody(`
      const guard = await stormGuard({ match: /nothing/, forMs: 500, maxRequests: 6 });
      await page.goto(vars.url);
      await guard.settled();`);
    expect(labelOf(result)).toBe('fail: assertion');
    expect(result.failure?.message).toBe('stormGuard(/nothing/): the app sent no such call within 5.0 s');
  });

  test('waiting for the first call at the deadline is waiting for the app', async () => {
    const result = await runBody(
      `const guard = await stormGuard({ match: '**/api/**', forMs: 200, maxRequests: 6 });
       await page.goto(vars.url);
       await guard.settled();`,
      { timeoutMs: 1_500 },
    );
    expect(labelOf(result)).toBe('fail: timeout');
  });

  test.each([
    [
      'an unknown option',
      `await stormGuard({ match: '**/a', forMs: 500, maxRequest: 6 } as never);`,
      /maxRequests?: expected/,
    ],
    [
      'a status that is no failure',
      `await stormGuard({ match: '**/a', forMs: 500, maxRequests: 6, answer: 204 });`,
      /answer: expected/,
    ],
    [
      'a glob that matches no address',
      `await stormGuard({ match: '/api/**', forMs: 500, maxRequests: 6 });`,
      /expected a glob of whole addresses/,
    ],
    [
      'nothing to match',
      `await stormGuard({ forMs: 500, maxRequests: 6 } as never);`,
      /expected a glob, a RegExp or a function, got undefined/,
    ],
    [
      'more time than the run has',
      `await stormGuard({ match: '**/a', forMs: 20_000, maxRequests: 6 });`,
      /expected forMs well within what the run has left, got 20\.0 s of 1\d\.\d s/,
    ],
    [
      'a guard that nobody settles',
      `await stormGuard({ match: '**/a', forMs: 500, maxRequests: 6 }); await page.goto(vars.url);`,
      /not awaited: stormGuard\('\*\*\/a'\)\.settled\(\)/,
    ],
    [
      'a settling that is not awaited',
      `const guard = await stormGuard({ match: '**/a', forMs: 500, maxRequests: 6 }); void guard.settled().catch(() => 0); await page.goto(vars.url);`,
      /not awaited: stormGuard\('\*\*\/a'\)\.settled\(\)/,
    ],
    [
      'a guard that is not awaited',
      `void stormGuard({ match: '**/a', forMs: 500, maxRequests: 6 }); await page.goto(vars.url);`,
      /not awaited: .*stormGuard/,
    ],
    [
      'a match that throws',
      `const guard = await stormGuard({ match: () => { throw new Error('typo') }, forMs: 500, maxRequests: 6 }); await page.goto(vars.url); await guard.settled();`,
      /match threw Error: typo/,
    ],
  ])('%s is a mistake of the journey', async (_what, body, message) => {
    const result = await runBody(body);
    expect(result.failure?.message).toMatch(message);
    expect(labelOf(result)).toBe('invalid: journey-error');
  });

  test('a run that is made shorter than the guard says so at once, and blames nobody', async () => {
    app.become('backing-off', 150);
    const { directory, file } = await writeJourney(GUARDED('forMs: 6_000'));
    const deadline = new RunDeadline(15_000);
    const before = app.received.length;
    const vars = { url: app.url };
    const running = runner.run(aCheck({ timeoutMs: 15_000, vars, file: `${directory}/${file}` }), deadline);
    await expect.poll(() => app.received.length, { timeout: 10_000 }).toBeGreaterThan(before);
    deadline.shorten(3_000);
    const result = await running;
    expect(labelOf(result)).toBe('invalid: journey-error');
    expect(result.failure?.message).toContain('expected forMs well within what the run has left');
  });
});
