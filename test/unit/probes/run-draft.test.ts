import { expect, test } from 'vitest';
import type { DnsEvidence } from '#core/dns/findings/evidence.ts';
import { RUN_BYTES_MAX, Run, type Step } from '#core/run.ts';
import { draftOf, jsonBytes, numbered, ownFault, unstored, type RunStart } from '#probes/run-draft.ts';
import { aCheck, aDnsCheck } from '#test/fixtures/builders.ts';
import type { RunResult } from '#probes/runners/runner.ts';
import { aFailedDraft } from '#test/fixtures/run-drafts.ts';

const START: RunStart = {
  check: aCheck(),
  trigger: 'schedule',
  startedAtMs: 1_700_000_000_000,
  waitedMs: 0,
  configHash: 'abc123abc123',
};
const ORIGIN = { region: 'us-east', probe: 'probe-1', boot: 1 };

function aStep(over: Partial<Step> = {}): Step {
  return { title: 't'.repeat(200), startMs: 0, durationMs: 1, steps: [], ...over };
}

test.each([
  { name: 'a fail without a failure', result: { outcome: 'fail' as const, steps: [], durationMs: 1 } },
  { name: 'a negative duration', result: { outcome: 'pass' as const, steps: [], durationMs: -1 } },
  { name: 'no duration', result: { outcome: 'pass' as const, steps: [], durationMs: Number.NaN } },
  {
    name: 'an untitled step',
    result: { outcome: 'pass' as const, steps: [aStep({ title: '' })], durationMs: 1 },
  },
])('$name becomes invalid probe-error, never a pass', ({ result }) => {
  const draft = draftOf(START, result);
  expect(draft).toMatchObject({ outcome: 'invalid', failure: { owner: 'probe', class: 'probe-error' } });
  expect(Run.safeParse(numbered(draft, ORIGIN, 1, false)).success).toBe(true);
});

test('a run too big for the wire gives up URLs, then inner steps, then all steps, but never its failure', () => {
  const url = `https://portal.example/${'x'.repeat(1_900)}`;
  const withUrls = Array.from({ length: 190 }, () => aStep({ url }));
  const run = numbered(aFailedDraft({ steps: withUrls }), ORIGIN, 1, false);
  expect(run.steps).toHaveLength(190);
  expect(run.steps.some((step) => 'url' in step)).toBe(false);

  const wide = { title: '語'.repeat(200), error: '語'.repeat(100) };
  const nested = Array.from({ length: 100 }, () => aStep({ ...wide, steps: [aStep(wide)] }));
  const inner = numbered(aFailedDraft({ steps: nested }), ORIGIN, 1, false);
  expect(jsonBytes(inner)).toBeLessThanOrEqual(RUN_BYTES_MAX);
  expect(inner.failure).toEqual(aFailedDraft().failure);
  expect(inner.steps.length).toBe(100);
});

test('an unstored run keeps its number and says what it had found', () => {
  const run = numbered(aFailedDraft(), ORIGIN, 7, true);
  const kept = unstored(run, 'ENOSPC: no space left on device');
  expect(kept).toMatchObject({ id: 'probe-1.1.7', outcome: 'invalid', screenshot: false });
  expect(kept.failure).toEqual(
    ownFault('disk-full', 'the run (fail, timeout) could not be stored: ENOSPC: no space left on device')
      .failure,
  );
  expect(Run.safeParse(kept).success).toBe(true);
});

/** A run of a DNS check with so many replies of so many octets, as base64. */
function aDnsResult(replies: readonly number[]): RunResult {
  const exchange = {
    server: 'dns://192.0.2.53',
    transport: 'tcp' as const,
    name: 'portal.example',
    type: 1,
    how: '',
    outcome: 'ANSWER' as const,
    atMs: 1,
    exchangeMs: 2,
    tries: 1,
  };
  const exchanges = replies.map((characters, at) => ({
    ...exchange,
    atMs: at,
    reply: 'A'.repeat(characters),
  }));
  const finding = { id: 'B2', severity: 'fail', subject: 'A', message: 'too long' } as const;
  const dns = { name: 'portal.example', findings: [finding], summary: NO_SUMMARY, exchanges };
  const failure = { owner: 'target', class: 'dns', message: 'too long' } as const;
  return { outcome: 'fail', failure, steps: [aStep()], durationMs: 5, dns };
}

const NO_SUMMARY = {
  measured: [],
  addresses: [],
  samples: 0,
  perAnswer: 0,
  serials: [],
  resolvers: [],
  ranges: [],
};
const DNS_START: RunStart = { ...START, check: aDnsCheck() };

test('what a DNS run has found and heard goes with it', () => {
  const result = aDnsResult([100, 200]);
  const run = numbered(draftOf(DNS_START, result), ORIGIN, 1, false);
  expect(Run.parse(run).dns).toEqual(result.dns);
});

test('a DNS run too big for the wire gives up its longest replies, as many as it must, and keeps its steps', () => {
  const run = numbered(draftOf(DNS_START, aDnsResult([90_000, 500, 85_000, 88_000, 600])), ORIGIN, 1, false);
  expect(run.dns?.exchanges.map(({ reply }) => reply?.length)).toEqual([undefined, 500, 85_000, 88_000, 600]);
  expect(jsonBytes(run)).toBeLessThanOrEqual(RUN_BYTES_MAX);
  expect(run.steps).toEqual([aStep()]);
  expect(run.dns?.findings).toHaveLength(1);
});

test('one that is too big even so gives up steps and exchanges, but never what was found', () => {
  const wide = { title: '語'.repeat(200), url: `https://portal.example/${'x'.repeat(1_900)}` };
  const steps = Array.from({ length: 190 }, () => aStep(wide));
  const result = { ...aDnsResult([90_000, 90_000, 90_000]), steps };
  const whole = result.dns;
  const name = 'x'.repeat(1_000);
  const exchanges = whole
    ? Array.from({ length: 200 }, () => ({ ...whole.exchanges[0], name, trouble: 'é'.repeat(300) }))
    : [];
  const run = numbered(
    draftOf(DNS_START, { ...result, dns: { ...whole, exchanges } as DnsEvidence }),
    ORIGIN,
    1,
    false,
  );
  expect(jsonBytes(run)).toBeLessThanOrEqual(RUN_BYTES_MAX);
  expect(run.failure).toEqual(result.failure);
  expect(run.dns?.findings).toHaveLength(1);
});
