import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { DeployMark } from '#core/deploy/telling/mark.ts';
import { MS_PER_DAY, MS_PER_HOUR } from '#core/units.ts';
import { DeployMarks } from '#worker/objects/deploy-marks.ts';
import { config } from '#worker/settings.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a check that cannot be told is told again, for a day, and keeps nobody awake after that', async () => {
  const atMs = Date.now();
  const mark: DeployMark = {
    service: 'portal',
    title: 'Portal',
    n: 7,
    version: '4.2.1',
    atMs,
    isCanary: true,
  };
  let asked = 0;
  const broken = {
    getByName: () => ({
      deployed: () => {
        asked += 1;
        return Promise.reject(new Error('storage is broken'));
      },
    }),
  };
  const check = config.checks[0]?.id ?? '';
  const marks: DeployMarks = new DeployMarks([{ check, mark }], broken, (pending) => marks.set(pending));
  await marks.tell(Date.now());
  expect([asked, marks.isPending]).toEqual([1, true]);
  const againAtMs = marks.wakeMs(Date.now()) ?? 0;
  expect(againAtMs).toBeGreaterThan(Date.now());
  vi.setSystemTime(againAtMs);
  await marks.tell(Date.now());
  expect([asked, marks.isPending]).toEqual([2, true]);
  vi.setSystemTime(atMs + MS_PER_DAY + MS_PER_HOUR);
  await marks.tell(Date.now());
  expect([asked, marks.isPending]).toEqual([3, false]);
  expect(marks.wakeMs(Date.now())).toBeUndefined();
});
