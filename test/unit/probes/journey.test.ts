import type { Page, Response } from 'playwright';
import { expect, expectTypeOf, test } from 'vitest';
import { defineJourney, isJourney, type JourneyTools, type StormGuardOptions } from '#probes/journey.ts';

test('a journey names the variables that it reads, and waits for its tools', () => {
  const journey = defineJourney<'url' | 'api'>(async (tools) => {
    expectTypeOf(tools.vars).toEqualTypeOf<Readonly<Record<'url' | 'api', string>>>();
    expectTypeOf(tools.step('Number', () => 3)).resolves.toBeNumber();
    expectTypeOf(tools.expectCacheHit(await tools.page.goto(tools.vars.url))).resolves.toBeVoid();
    const guard = await tools.stormGuard({ match: tools.vars.api, forMs: 5_000, maxRequests: 6 });
    expectTypeOf(guard.settled()).resolves.toBeVoid();
  });
  expect(isJourney(journey)).toBe(true);
  expect(isJourney(journey.run)).toBe(false);
});

test('the tools take what Playwright gives, and what a rule says', () => {
  expectTypeOf<JourneyTools['expectCacheHit']>().toBeCallableWith('https://portal.example/app.js');
  expectTypeOf<Awaited<ReturnType<Page['goto']>>>().toExtend<Parameters<JourneyTools['expectCacheHit']>[0]>();
  expectTypeOf<Response>().toExtend<Parameters<JourneyTools['expectCacheHit']>[0]>();
  expectTypeOf<Parameters<JourneyTools['expectCacheHit']>[1]>().toEqualTypeOf<
    { header?: string | undefined; contains?: string | undefined } | undefined
  >();
  // What a guard matches is what a route matches.
  expectTypeOf<StormGuardOptions['match']>().toExtend<Parameters<Page['route']>[0]>();
  expectTypeOf<{ match: RegExp; forMs: number; maxRequests: number }>().toExtend<StormGuardOptions>();
  expectTypeOf<{ match: RegExp; forMs: number }>().not.toExtend<StormGuardOptions>();
  const isBranded = isJourney(defineJourney(() => Promise.resolve()));
  expect(isBranded).toBe(true);
});
