import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckKind } from '#core/checks/index.ts';
import type { Check } from '#core/config.ts';
import { Run } from '#core/run.ts';
import { numbered, draftOf } from '#probes/run-draft.ts';
import { RUNNERS, createRunner } from '#probes/runners/index.ts';
import type { Runner, RunResult } from '#probes/runners/runner.ts';
import { aCheck, aDnsCheck } from '#test/fixtures/builders.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import type { LoopbackServer } from '#test/fixtures/loopback-server.ts';
import { startOddServer } from '#test/fixtures/odd-server.ts';
import { writeJourney } from '#test/fixtures/written-journey.ts';
import { resolverOf, startPlainDoh } from './dns/small-servers.ts';

const SITUATIONS = ['pass', 'status 503', 'hang', 'reset', 'misconfigured'] as const;
type Situation = (typeof SITUATIONS)[number];
type Made = { directory: string; check: Check };

/** Whatever a DNS check finds is of class `dns`; its message and findings tell what it was. */
const EXPECTED: { [Kind in CheckKind]: Record<Situation, string> } = {
  journey: {
    pass: 'pass',
    'status 503': 'fail http',
    hang: 'fail timeout',
    reset: 'fail connect',
    misconfigured: 'invalid',
  },
  dns: {
    pass: 'pass',
    'status 503': 'fail dns',
    hang: 'fail dns',
    reset: 'fail dns',
    misconfigured: 'invalid',
  },
};

const PATHS: Record<Situation, string> = {
  pass: '/',
  'status 503': '/status/503',
  hang: '/hang',
  reset: '/reset',
  misconfigured: '/',
};

/** A check of each kind for each situation; a kind that is forgotten here does not compile. */
const MAKERS: { [Kind in CheckKind]: (situation: Situation, siteUrl: string) => Promise<Made> } = {
  journey: async (situation, siteUrl) => {
    const { directory, file } = await writeJourney(
      `await step('Open', () => page.goto(vars.url)); await expect(page.getByText('Welcome')).toBeVisible({ timeout: 300 });`,
    );
    const missing = situation === 'misconfigured' ? 'not-there.journey.ts' : file;
    const url = siteUrl + PATHS[situation];
    return { directory, check: aCheck({ file: missing, vars: { url }, timeoutMs: 2_000 }) };
  },
  // DoH, so that a resolver can answer 503; a broadcast address is no server, and nobody may ask it.
  dns: async (situation, siteUrl) => {
    const name = 'portal.example.test';
    const url = situation === 'pass' ? await startPlainDoh(resolverOf(name)) : siteUrl + PATHS[situation];
    const resolver = situation === 'misconfigured' ? 'dns://255.255.255.255' : url;
    const dns = { name, resolvers: [resolver], aspects: ['resolvability' as const] };
    return { directory: '', check: aDnsCheck(dns, { timeoutMs: 2_000 }) };
  },
};

let site: LoopbackServer;
beforeAll(async () => {
  site = await startOddServer();
});
afterAll(() => site.close());

async function withRunner(
  kind: CheckKind,
  situation: Situation,
  body: (runner: Runner, check: Check) => Promise<void>,
): Promise<void> {
  const { directory, check } = await MAKERS[kind](situation, site.url);
  const runner = RUNNERS[kind]({ directory, env: process.env, log: eventLog().log });
  try {
    await body(runner, check);
  } finally {
    await runner.close();
  }
}

/** The run as the hub would get it, parsed as the hub does. */
function onTheWire(check: Check, result: RunResult): Run {
  const start = { check, trigger: 'manual', startedAtMs: 1, waitedMs: 0, configHash: 'abc' } as const;
  return Run.parse(numbered(draftOf(start, result), { region: 'r', probe: 'p', boot: 1 }, 1, false));
}

describe.each(Object.keys(RUNNERS) as CheckKind[])('runner of kind %s', (kind) => {
  test.each(SITUATIONS)(
    '%s: the outcome and its owner are right, and the hub takes the run',
    async (situation) => {
      await withRunner(kind, situation, async (runner, check) => {
        const result = await runner.run(check);
        const { outcome, failure } = onTheWire(check, result);
        expect(failure).toEqual(result.failure);
        const said = outcome === 'fail' ? `fail ${failure?.class ?? ''}` : outcome;
        expect(said).toBe(EXPECTED[kind][situation]);
      });
    },
  );

  test('runs at the same time do not disturb each other', async () => {
    await withRunner(kind, 'pass', async (runner, check) => {
      const results = await Promise.all([1, 2, 3].map(() => runner.run(check)));
      expect(results.map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'pass']);
    });
  });

  test('it can be closed before, in the middle of and after a run, twice, and gives invalid then', async () => {
    await withRunner(kind, 'hang', async (runner, check) => {
      const running = runner.run(check);
      await runner.close();
      await runner.close();
      expect((await running).outcome).not.toBe('pass');
      expect((await runner.run(check)).outcome).toBe('invalid');
    });
  });

  test('its versions are texts that a hello takes', async () => {
    await withRunner(kind, 'pass', async (runner, check) => {
      await runner.run(check);
      for (const [name, version] of Object.entries(runner.versions())) {
        expect(name.length).toBeLessThanOrEqual(32);
        expect(version).toMatch(/^\S{1,64}$/);
      }
    });
  });

  test('it is what checks of its kind get', async () => {
    const { directory, check } = await MAKERS[kind]('pass', site.url);
    const runner = createRunner({ directory, env: process.env, log: eventLog().log });
    expect(check.kind).toBe(kind);
    expect((await runner.run(check)).outcome).toBe('pass');
    await runner.close();
  });
});
