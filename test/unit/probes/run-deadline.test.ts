import { expect, test, vi } from 'vitest';
import { RunDeadline } from '#probes/run-deadline.ts';
import { ManualClock } from '#test/fixtures/manual-clock.ts';

function aDeadline(limitMs: number): { clock: ManualClock; deadline: RunDeadline } {
  const clock = new ManualClock();
  return { clock, deadline: new RunDeadline(limitMs, clock) };
}

test('its time passes only from its beginning, and it begins once', () => {
  const { clock, deadline } = aDeadline(10_000);
  clock.advance(5_000);
  expect(deadline.leftMs()).toBe(10_000);
  deadline.begin();
  clock.advance(4_000);
  deadline.begin();
  expect(deadline.leftMs()).toBe(6_000);
});

test('it only ever becomes shorter, and leaves a moment of what is going on', () => {
  const { clock, deadline } = aDeadline(10_000);
  deadline.begin();
  clock.advance(4_000);
  deadline.shorten(12_000);
  expect(deadline.limitMs).toBe(10_000);
  deadline.shorten(7_000);
  expect(deadline.leftMs()).toBe(3_000);
  deadline.shorten(1_000);
  expect(deadline.leftMs()).toBe(250);
  clock.advance(1_000);
  deadline.shorten(1_000);
  expect(deadline.leftMs()).toBe(-750);
});

test('what is waited for ends with it, also when it becomes shorter meanwhile', async () => {
  const { clock, deadline } = aDeadline(10_000);
  deadline.begin();
  const settled = vi.fn<(value: unknown) => void>();
  void deadline.within(new Promise<string>(() => undefined)).then(settled);
  clock.advance(2_000);
  deadline.shorten(3_000);
  clock.advance(999);
  await Promise.resolve();
  expect(settled).not.toHaveBeenCalled();
  clock.advance(1);
  await vi.waitFor(() => expect(settled).toHaveBeenCalledWith(undefined));
});

test('what comes in time is given, a rejection as well', async () => {
  const { deadline } = aDeadline(10_000);
  await expect(deadline.within(Promise.resolve('done'))).resolves.toBe('done');
  await expect(deadline.within(Promise.reject(new Error('boom')))).rejects.toThrow('boom');
});

test('whoever listens hears of the beginning and of each shortening', () => {
  const { deadline } = aDeadline(10_000);
  const heard = vi.fn<() => void>();
  const stop = deadline.onChange(heard);
  deadline.begin();
  deadline.shorten(5_000);
  deadline.shorten(6_000);
  expect(heard).toHaveBeenCalledTimes(2);
  stop();
  deadline.shorten(1_000);
  expect(heard).toHaveBeenCalledTimes(2);
});
