import { expect as playwrightExpect } from 'playwright/test';
import { expect, test } from 'vitest';
import { RunDeadline } from '#probes/run-deadline.ts';
import { Expectations } from '#probes/runners/journey/expectations.ts';

const watched = (remainingMs = 1_000, deadline = new RunDeadline(remainingMs)): Expectations => {
  deadline.begin();
  return new Expectations(playwrightExpect, deadline);
};

test('it is Playwright’s expect: matchers, not, resolves, configure and extend', async () => {
  const { expect: watch } = watched();
  watch(1).toBe(1);
  watch([1, 2]).not.toContain(3);
  watch({ a: 1 }).toEqual(watch.objectContaining({ a: 1 }));
  await watch(Promise.resolve(2)).resolves.toBe(2);
  watch.configure({ timeout: 5 })('text').toMatch(/ex/);
  const odd = watch.extend({ toBeOdd: (n: number) => ({ pass: n % 2 === 1, message: () => 'even' }) });
  odd(3).toBeOdd();
  expect(() => watch(1, 'the sum').toBe(2)).toThrow(/the sum/);
});

test('expectations are counted, also through configure and poll', async () => {
  const watch = watched();
  watch.expect(1).toBe(1);
  watch.expect.configure({ timeout: 5 })(1).toBe(1);
  await watch.expect.poll(() => 1).toBe(1);
  expect(watch.count).toBe(3);
});

test('an expectation that is still waiting is known by its matcher, until it settles', async () => {
  const watch = watched();
  let settle = (_value: number): void => undefined;
  const value = new Promise<number>((resolve) => {
    settle = resolve;
  });
  const waiting = watch.expect(value).resolves.toBe(1);
  expect(watch.waiting()).toEqual(['toBe']);
  settle(1);
  await waiting;
  expect(watch.waiting()).toEqual([]);
});

test('toPass, which by itself tries for ever, ends with the run', async () => {
  const never = (): never => {
    throw new Error('never');
  };
  await expect(watched(50).expect(never).toPass()).rejects.toThrow('never');
  await expect(watched(50).expect(never).toPass({ timeout: 60_000 })).rejects.toThrow('never');
});

test('toPass ends with the run also when the run is shortened while it tries', async () => {
  const deadline = new RunDeadline(60_000);
  const trying = watched(60_000, deadline)
    .expect(() => {
      throw new Error('never');
    })
    .toPass();
  deadline.shorten(1);
  await expect(trying).rejects.toThrow('the run was ended before it passed');
});
