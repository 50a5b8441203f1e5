import { expect, test } from 'vitest';
import { STEPS_MAX, STEP_DEPTH_MAX } from '#core/run.ts';
import { JourneyMistake } from '#probes/journey.ts';
import { StepRecorder } from '#probes/runners/journey/steps.ts';

/** A recorder whose clock advances by 10 ms at each look. */
function aRecorder(): StepRecorder {
  let nowMs = 0;
  return new StepRecorder(
    () => (nowMs += 10),
    () => 'http://portal.example/home',
  );
}

const same = (text: string): string => text;

test('steps nest as they are called, give what their body gives, and carry start, duration and URL', async () => {
  const steps = aRecorder();
  const value = await steps.step('outer', async () => {
    await steps.step('first', () => undefined);
    return steps.step('second', () => Promise.resolve(7));
  });
  expect(value).toBe(7);
  expect(steps.finish(() => 'never', same)).toEqual([
    {
      title: 'outer',
      startMs: 10,
      durationMs: 50,
      url: 'http://portal.example/home',
      steps: [
        { title: 'first', startMs: 20, durationMs: 10, url: 'http://portal.example/home', steps: [] },
        { title: 'second', startMs: 40, durationMs: 10, url: 'http://portal.example/home', steps: [] },
      ],
    },
  ]);
});

test('steps that run side by side each keep their own inner steps', async () => {
  const steps = aRecorder();
  await Promise.all(
    ['a', 'b'].map((name) =>
      steps.step(name, async () => {
        await Promise.resolve();
        await steps.step(`${name} inner`, () => undefined);
      }),
    ),
  );
  expect(
    steps.finish(() => '', same).map(({ title, steps }) => [title, steps.map((inner) => inner.title)]),
  ).toEqual([
    ['a', ['a inner']],
    ['b', ['b inner']],
  ]);
});

test('an error passes through, marks every step it passed, and names the innermost', async () => {
  const steps = aRecorder();
  const error = new Error('no');
  const run = steps.step('outer', () => steps.step('inner', () => Promise.reject(error)));
  await expect(run).rejects.toBe(error);
  expect(steps.pathOf({ error })).toEqual(['outer', 'inner']);
  expect(steps.pathOf({ error: new Error('another') })).toEqual([]);
  const [outer] = steps.finish((thrown) => (thrown?.error === error ? 'http 502' : 'other'), same);
  expect([outer?.error, outer?.steps[0]?.error]).toEqual(['http 502', 'http 502']);
});

test('a step whose error the journey catches is marked, and the steps after it are not', async () => {
  const steps = aRecorder();
  await steps.step('tries', () => Promise.reject(new Error('caught'))).catch(() => undefined);
  await steps.step('goes on', () => undefined);
  expect(steps.finish(() => 'assertion', same).map(({ error }) => error)).toEqual(['assertion', undefined]);
});

test('the end closes what is still running, and nothing is taken afterwards', async () => {
  const steps = aRecorder();
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const running = steps.step('outer', async () => {
    await steps.step('inner', () => gate);
    await steps.step('too late', () => undefined);
  });
  expect(steps.end()).toEqual(['outer', 'inner']);
  expect(steps.pathOf()).toEqual(['outer', 'inner']);
  const before = steps.finish(() => 'timeout', same);
  go();
  await expect(running).rejects.toThrow('step "too late" was started after the end of its run');
  expect(steps.finish(() => 'timeout', same)).toEqual(before);
  expect(before[0]?.error).toBe('timeout');
});

test('a step of a run that has ended does not become part of the next run', async () => {
  const [first, second] = [aRecorder(), aRecorder()];
  await first.step('of the first', () => second.step('of the second', () => undefined));
  expect(second.finish(() => '', same).map(({ title }) => title)).toEqual(['of the second']);
  expect(first.finish(() => '', same)[0]?.steps).toEqual([]);
});

test('titles and URLs are cleaned before they are cut, so that no half secret is left', async () => {
  const steps = aRecorder();
  await steps.step(`${'x'.repeat(195)} hunter2-hunter2`, () => undefined);
  const [step] = steps.finish(
    () => '',
    (text) => text.replace('hunter2-hunter2', '***'),
  );
  expect(step?.title).toBe(`${'x'.repeat(195)} ***`);
});

test('too many, too deep and nameless steps are the journey’s mistake', async () => {
  const steps = aRecorder();
  const nest = (depth: number): Promise<unknown> => steps.step(`depth ${depth}`, () => nest(depth + 1));
  await expect(nest(1)).rejects.toThrow(`at most ${STEP_DEPTH_MAX} deep`);
  await expect(steps.step('', () => undefined)).rejects.toThrow(JourneyMistake);
  for (let count = STEP_DEPTH_MAX; count < STEPS_MAX; count += 1) await steps.step('one', () => undefined);
  await expect(steps.step('more', () => undefined)).rejects.toThrow(`at most ${STEPS_MAX} steps`);
});
