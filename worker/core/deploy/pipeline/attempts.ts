import { z } from 'zod';
import { Slug } from '../../run.ts';

/** Places that count for one service: its processes. */
export const SOURCES_MAX = 200;

const count = z.int().min(0).max(1e12);

/** Real login attempts that one process has counted of one version since it began; both only grow. */
const Counter = z
  .strictObject({
    side: z.enum(['canary', 'baseline']),
    attempts: count,
    failures: count,
  })
  .superRefine((counter, context) => {
    if (counter.failures > counter.attempts)
      context.addIssue({
        code: 'custom',
        path: ['failures'],
        message: `expected at most the attempts (${counter.attempts})`,
        input: counter.failures,
      });
  });

/** Body of `POST /v1/attempts`: totals, not increments, so that a report twice or one lost is harmless. */
export const AttemptsReport = z.strictObject({
  service: Slug,
  /** Who counts: a host, a pod. */
  source: z.string().min(1).max(100),
  counters: z.array(Counter).min(1).max(2),
});
export type AttemptsReport = z.output<typeof AttemptsReport>;

/** Bytes of a report. */
export const ATTEMPTS_BYTES_MAX = 4 * 1024;
