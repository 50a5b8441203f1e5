import { z } from 'zod';

/**
 * What a failing target did. Only these make a run `fail`.
 * `http` carries the status, so that 502, 503 and 504 are told apart.
 */
export const TARGET_FAULTS = ['dns', 'connect', 'tls', 'timeout', 'http', 'assertion', 'navigation'] as const;

/** What went wrong on our own side. These make a run `invalid`: never a page to the service's on-call. */
export const PROBE_FAULTS = [
  'browser-missing',
  'browser-crash',
  'missing-secret',
  'disk-full',
  'memory',
  'overload',
  'egress',
  'not-measurable',
  'journey-error',
  'probe-error',
] as const;

/** Characters kept of an error message: enough for a Playwright call log's head; keeps a run's row small. */
export const MESSAGE_CHARS_MAX = 2_000;

const message = z.string().max(MESSAGE_CHARS_MAX);

export const TargetFailure = z.strictObject({
  owner: z.literal('target'),
  class: z.enum(TARGET_FAULTS),
  message,
  /** Title path of the step that failed, outermost first, joined by ` › `. Absent when no step had begun. */
  step: z.string().max(1_000).optional(),
  /** HTTP status of the document that failed; only with class `http`. */
  httpStatus: z.int().min(100).max(599).optional(),
  /** Where it happened, without query and fragment. */
  url: z.string().max(2_000).optional(),
});
export type TargetFailure = z.infer<typeof TargetFailure>;

export const ProbeFailure = z.strictObject({
  owner: z.literal('probe'),
  class: z.enum(PROBE_FAULTS),
  message,
  step: z.string().max(1_000).optional(),
});
export type ProbeFailure = z.infer<typeof ProbeFailure>;

/** Why a run did not pass, and whose fault it is. */
export const Failure = z.discriminatedUnion('owner', [TargetFailure, ProbeFailure]);
export type Failure = z.infer<typeof Failure>;

/** One word for a failure: its class, and for HTTP the status: `timeout`, `http 502`, `browser-crash`. */
export function failureLabel(failure: Failure): string {
  return failure.owner === 'target' && failure.class === 'http'
    ? `http ${failure.httpStatus ?? 'status unknown'}`
    : failure.class;
}
