import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JourneyCheck } from '#core/config.ts';
import { failureLabel } from '#core/failure.ts';
import { createJourneyRunner } from '#probes/runners/journey.ts';
import type { Runner, RunResult } from '#probes/runners/runner.ts';
import { aCheck } from '#test/fixtures/builders.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { listenOnLoopback, type LoopbackServer } from '#test/fixtures/loopback-server.ts';
import { writeJourney } from '#test/fixtures/written-journey.ts';

let cache: LoopbackServer;
let runner: Runner;

beforeAll(async () => {
  cache = await startCache();
  runner = createJourneyRunner({ directory: '/', env: process.env, log: eventLog().log });
});
afterAll(async () => {
  await runner.close();
  await cache.close();
});

/** A page with the headers that its query names; `status` is its status, `hang` is never answered. */
function startCache(): Promise<LoopbackServer> {
  return listenOnLoopback(0, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://cache');
    if (pathname === '/hang') return;
    for (const [name, value] of searchParams) if (name !== 'status') response.appendHeader(name, value);
    if (request.headers.cookie?.includes('edge=hit') === true) response.setHeader('x-cache', 'HIT');
    response.writeHead(Number(searchParams.get('status') ?? 200), { 'content-type': 'text/html' });
    response.end('<!doctype html><title>Cached</title><h1>Welcome</h1>');
  });
}

async function runBody(body: string, over: Partial<JourneyCheck> = {}): Promise<RunResult> {
  const { directory, file } = await writeJourney(body);
  const vars = { cache: cache.url };
  return runner.run(aCheck({ timeoutMs: 15_000, vars, ...over, file: `${directory}/${file}` }));
}

const labelOf = ({ outcome, failure }: RunResult): string =>
  failure ? `${outcome}: ${failureLabel(failure)}` : outcome;

describe('expectCacheHit', () => {
  test.each([
    ['x-cache=Hit%20from%20cloudfront', 'pass'],
    ['x-cache=Miss%20from%20cloudfront', 'fail: assertion'],
    ['x-cache=MISS&x-cache=HIT', 'pass'],
    ['cache-status=Origin;fwd=uri-miss&cache-status=Edge;hit;ttl=30', 'pass'],
    ['cache-status=Origin;hit&cache-status=Edge;fwd=uri-miss', 'fail: assertion'],
    ['cf-cache-status=DYNAMIC', 'fail: assertion'],
    ['x-vercel-cache=PRERENDER', 'pass'],
    ['age=12', 'pass'],
    ['', 'fail: assertion'],
    ['x-cache=HIT&status=503', 'fail: assertion'],
  ])('of a page with %s, and of its address: %s', async (query, label) => {
    const ofResponse = await runBody(`await expectCacheHit(await page.goto(vars.cache + '/?${query}'));`);
    expect(labelOf(ofResponse)).toBe(label);
    const ofAddress = await runBody(`await expectCacheHit(vars.cache + '/?${query}');`);
    expect(labelOf(ofAddress)).toBe(label);
  });

  test('says what the headers are, and no query', async () => {
    const result = await runBody(
      `await step('Primed', () => expectCacheHit(vars.cache + '/app.js?x-cache=MISS&token=abc'));`,
    );
    expect(result.failure).toMatchObject({ owner: 'target', class: 'assertion', step: 'Primed' });
    expect(result.failure?.message).toBe(`${cache.url}/app.js was in no cache: x-cache: MISS`);
    const unknown = await runBody(`await expectCacheHit(vars.cache + '/app.js');`);
    expect(unknown.failure?.message).toBe(
      `${cache.url}/app.js may not come from a cache: no header says whether a cache had it (cache-status, cf-cache-status, x-cache, x-vercel-cache, age)`,
    );
    const broken = await runBody(`await expectCacheHit(vars.cache + '/app.js?x-cache=HIT&status=404');`);
    expect(broken.failure?.message).toBe(`${cache.url}/app.js answered with HTTP status 404: x-cache: HIT`);
  });

  test('goes by a rule, by any response of the page, and asks with the cookies of the browser', async () => {
    const result = await runBody(`
      await expectCacheHit(vars.cache + '/?x-edge=fra-HIT', { header: 'X-Edge' });
      await expectCacheHit(vars.cache + '/?x-edge=warm&x-cache=MISS', { header: 'x-edge', contains: 'Warm' });
      await expectCacheHit(await page.request.get(vars.cache + '/?age=3'));
      await page.goto(vars.cache + '/?x-cache=MISS');
      const [response] = await Promise.all([
        page.waitForResponse('**/data*'),
        page.evaluate(() => fetch('/data?cf-cache-status=HIT')),
      ]);
      await expectCacheHit(response);
      await context.addCookies([{ name: 'edge', value: 'hit', url: vars.cache }]);
      await expectCacheHit(vars.cache + '/');`);
    expect(result.failure?.message).toBe(undefined);
    expect(labelOf(result)).toBe('pass');
  });

  test('a header that looks like an error of ours is none, nor is what the page shows the reason', async () => {
    const result = await runBody(`
      await page.goto(vars.cache + '/?status=503');
      await expectCacheHit(vars.cache + '/?x-cache=ENETUNREACH');`);
    expect(labelOf(result)).toBe('fail: assertion');
    expect(result.failure?.message).toContain('x-cache: ENETUNREACH');
  });

  test('an address that does not answer is the target’s fault, by its own class', async () => {
    const refused = await runBody(`await expectCacheHit('http://127.0.0.1:9/app.js');`);
    expect(labelOf(refused)).toBe('fail: connect');
    const late = await runBody(`await expectCacheHit(vars.cache + '/hang');`, { timeoutMs: 1_000 });
    expect(labelOf(late)).toBe('fail: timeout');
  });

  test.each([
    [
      'no address',
      `await expectCacheHit('/app.js');`,
      /expected an address with http or https, got '\/app.js'/,
    ],
    ['no response', `await expectCacheHit(null);`, /got null: the page was not loaded anew/],
    [
      'a mistaken rule',
      `await expectCacheHit(vars.cache, { contain: 'x' } as {});`,
      /contain: expected no such key/,
    ],
    ['one that it catches', `await expectCacheHit('ftp://x').catch(() => 0);`, /expectCacheHit/],
    [
      'one that is not awaited',
      `void expectCacheHit(vars.cache + '/hang').catch(() => 0); await page.goto(vars.cache);`,
      /not awaited: expectCacheHit/,
    ],
  ])('%s is a mistake of the journey', async (_what, body, message) => {
    const result = await runBody(body);
    expect(labelOf(result)).toBe('invalid: journey-error');
    expect(result.failure?.message).toMatch(message);
  });
});
