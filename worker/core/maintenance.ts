import { z } from 'zod';
import { Slug } from './run.ts';

/** Windows in one configuration: a year of weekly ones. */
export const WINDOWS_MAX = 100;

/** A moment as people write it, epoch ms once parsed. */
const Moment = z.iso
  .datetime({ offset: true, message: 'expected a moment with its offset, such as "2026-11-22T02:00:00Z"' })
  .transform((text) => Date.parse(text));

/** A time with a name, of which `until` is no longer a part. */
export const PeriodSettings = z
  .strictObject({ title: z.string().min(1).max(200), from: Moment, until: Moment })
  .superRefine(endsAfterItBegins);

/** A window as people write it: `checks` absent means all of them. */
export const WindowSettings = z
  .strictObject({ ...PeriodSettings.shape, checks: z.array(Slug).min(1).optional() })
  .superRefine(endsAfterItBegins);

function endsAfterItBegins(
  period: { from: number; until: number },
  context: z.core.$RefinementCtx<{ from: number; until: number }>,
): void {
  if (period.until <= period.from)
    context.addIssue({
      code: 'custom',
      path: ['until'],
      message: 'expected a moment after `from`',
      input: period.until,
    });
}

/** Announced work: checks go on, pages are held, and its end brings a verdict. `[fromMs, untilMs)`, epoch ms. */
export type MaintenanceWindow = {
  title: string;
  fromMs: number;
  untilMs: number;
  /** Ids of the checks it covers; all of them when absent. */
  checks?: string[] | undefined;
};

/** The window that covers a check now; of several the one that ends last. */
export function windowAt(
  windows: readonly MaintenanceWindow[],
  check: string,
  nowMs: number,
): MaintenanceWindow | undefined {
  return windows
    .filter(
      ({ fromMs, untilMs, checks }) =>
        fromMs <= nowMs && nowMs < untilMs && (checks?.includes(check) ?? true),
    )
    .toSorted((a, b) => b.untilMs - a.untilMs)[0];
}
