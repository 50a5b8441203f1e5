import { expect, test } from 'vitest';
import { RUN_BYTES_MAX, Run, type Step } from '#core/run.ts';
import { draftOf, jsonBytes, numbered, ownFault, unstored, type RunStart } from '#probes/run-draft.ts';
import { aCheck } from '#test/fixtures/builders.ts';
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
